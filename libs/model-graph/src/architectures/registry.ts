import { evaluatorErrors } from '../errors.js';
import { LIBRARIES, type Library } from '../library.js';
import type { AnyArchitecture, BroughtArchitecture } from './architecture.js';
import { bart } from './bart.js';
import { falcon } from './falcon.js';
import { gemma } from './gemma.js';
import { gemma2 } from './gemma2.js';
import { gemma3 } from './gemma3.js';
import { gpt2 } from './gpt2.js';
import { gptNeoX } from './gpt-neox.js';
import { gptj } from './gptj.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { mixtral } from './mixtral.js';
import { olmo2 } from './olmo2.js';
import { phi } from './phi.js';
import { phi3 } from './phi3.js';
import { qwen2 } from './qwen2.js';
import { qwen3Moe } from './qwen3-moe.js';
import { qwen3 } from './qwen3.js';

const BUILT_IN: readonly BroughtArchitecture[] = [
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
  qwen3,
  phi3,
  gemma3,
  olmo2,
  mixtral,
  qwen3Moe,
];

/** The classes of one version of the library: those of this package, and those that other packages added. */
export class Registry {
  readonly #byType = new Map<string, AnyArchitecture>();

  constructor(readonly library: Library) {
    for (const one of BUILT_IN) this.add(one);
  }

  /** By `model_type`. */
  architectureOf(modelType: string): AnyArchitecture | undefined {
    return this.#byType.get(modelType);
  }

  classNames(): string[] {
    return [...this.#byType.values()].map(({ className }) => className);
  }

  /** A class that this version of the library does not have is left out. @throws ARCHITECTURE_DUPLICATE */
  add(brought: BroughtArchitecture): void {
    const architecture = ofVersion(brought, this.library);
    if (!architecture) return;
    this.requireNew(architecture, []);
    this.#byType.set(architecture.modelType, architecture);
  }

  /** @throws ARCHITECTURE_DUPLICATE when this registry or one of the others has its model_type or its class */
  requireNew({ modelType, className }: AnyArchitecture, others: readonly AnyArchitecture[]): void {
    const taken = [...this.#byType.values(), ...others];
    if (taken.some((one) => one.modelType === modelType || one.className === className))
      throw evaluatorErrors.ARCHITECTURE_DUPLICATE({ modelType, className });
  }
}

/** The versions whose classes in this package include one of this `model_type`. */
export const librariesWith = (modelType: string): Library[] =>
  LIBRARIES.filter((library) => new Registry(library).architectureOf(modelType) !== undefined);

/** What a module brings for a version of the library. */
export const ofVersion = (brought: BroughtArchitecture, library: Library): AnyArchitecture | undefined =>
  typeof brought === 'function' ? brought(library) : brought;
