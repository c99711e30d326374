import type { AnyArchitecture } from './architecture.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { qwen2 } from './qwen2.js';

/** What can be evaluated, by `model_type`. */
export const ARCHITECTURES: ReadonlyMap<string, AnyArchitecture> = new Map(
  [llama, mistral, qwen2, gpt2].map((architecture: AnyArchitecture) => [architecture.modelType, architecture]),
);

export const CLASS_NAMES: readonly string[] = [...ARCHITECTURES.values()].map(({ className }) => className);
