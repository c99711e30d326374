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

/** What can be evaluated, by `model_type`. */
export const ARCHITECTURES: ReadonlyMap<string, AnyArchitecture> = new Map(
  [llama, mistral, qwen2, gpt2, gemma, gemma2, phi, falcon, gptNeoX, gptj, bart].map((architecture: AnyArchitecture) => [architecture.modelType, architecture]),
);

export const CLASS_NAMES: readonly string[] = [...ARCHITECTURES.values()].map(({ className }) => className);
