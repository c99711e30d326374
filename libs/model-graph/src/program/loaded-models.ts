import type { Registry } from '../architectures/registry.js';
import { openModel, type InspectedModel } from '../inspect.js';
import type { Engine, EngineModel } from './engine.js';

/** Models that stay loaded between two parts: as many as a match has. */
const MAX_KEPT = 2;

/** A model whose files are open, and what an engine computes of it. */
export interface LoadedModel {
  opened: InspectedModel;
  engine: EngineModel;
}

/** The models that this process has loaded, by digest. */
export class LoadedModels {
  readonly #kept = new Map<string, LoadedModel>();

  constructor(
    private readonly registry: Registry,
    private readonly engine: Engine,
  ) {}

  /** A model that is kept, or else loaded now. */
  async open(digest: string, directory: string): Promise<LoadedModel> {
    const kept = this.#kept.get(digest);
    this.#kept.delete(digest);
    if (kept) return kept;
    const opened = await openModel(directory, this.registry);
    return { opened, engine: await this.engine.open(opened) };
  }

  /** Keeps a model for another part. Of too many, the one used longest ago goes. */
  async keep(digest: string, model: LoadedModel): Promise<void> {
    this.#kept.set(digest, model);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > MAX_KEPT) await this.release(oldest);
  }

  async release(digest: string): Promise<void> {
    const model = this.#kept.get(digest);
    this.#kept.delete(digest);
    await model?.engine.release();
  }
}
