import { evaluatorErrors } from '../errors.js';
import type { AnyArchitecture } from './architecture.js';
import { bart } from './bart.js';
import { falcon } from './falcon.js';
import { gemma } from './gemma.js';
import { gemma2 } from './gemma2.js';
import { gpt2 } from './gpt2.js';
import { gptNeoX } from './gpt-neox.js';
import { gptj } from './gptj.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { phi } from './phi.js';
import { qwen2 } from './qwen2.js';

const architectures = new Map<string, AnyArchitecture>();

/** By `model_type`: the architectures of this package, and those that were added. */
export const architectureOf = (modelType: string): AnyArchitecture | undefined => architectures.get(modelType);

export const classNames = (): string[] => [...architectures.values()].map(({ className }) => className);

/** @throws ARCHITECTURE_DUPLICATE when this process or one of the others has its model_type or its class */
export function requireNew({ modelType, className }: AnyArchitecture, others: readonly AnyArchitecture[]): void {
  if ([...architectures.values(), ...others].some((one) => one.modelType === modelType || one.className === className))
    throw evaluatorErrors.ARCHITECTURE_DUPLICATE({ modelType, className });
}

/** @throws ARCHITECTURE_DUPLICATE */
export function addArchitecture(architecture: AnyArchitecture): void {
  requireNew(architecture, []);
  architectures.set(architecture.modelType, architecture);
}

for (const architecture of [
  llama,
  mistral,
  qwen2,
  gpt2,
  gemma,
  gemma2,
  phi,
  falcon,
  gptNeoX,
  gptj,
  bart,
] as AnyArchitecture[])
  addArchitecture(architecture);
