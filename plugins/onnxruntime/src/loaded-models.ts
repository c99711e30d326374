import { performance } from 'node:perf_hooks';
import type { Registry } from './architectures/registry.js';
import { openModel, type InspectedModel } from './inspect.js';
import { lossSessions } from './running/losses.js';
import type { SessionByShape } from './running/session-by-shape.js';
import type { SessionOptions } from './running/session.js';

/** Models that stay loaded between two parts: as many as a match has. */
const MAX_KEPT = 2;

/** A model whose files are open, with the sessions that give its losses. */
export interface LoadedModel {
  opened: InspectedModel;
  options: SessionOptions;
  losses: SessionByShape;
  /** Milliseconds that its files and graphs took to load so far. */
  loadMs: number;
}

/** The models that this process has loaded, by digest. */
export class LoadedModels {
  readonly #kept = new Map<string, LoadedModel>();

  constructor(
    private readonly registry: Registry,
    private readonly options: Omit<SessionOptions, 'onLoad'>,
  ) {}

  /** A model that is kept, or else loaded now. */
  async open(digest: string, directory: string): Promise<LoadedModel> {
    const kept = this.#kept.get(digest);
    this.#kept.delete(digest);
    if (kept) return kept;
    const startedAt = performance.now();
    const opened = await openModel(directory, this.registry);
    const onLoad = (ms: number): void => {
      model.loadMs += ms;
    };
    const options = { ...this.options, onLoad };
    const model = { opened, options, losses: lossSessions(opened, options), loadMs: performance.now() - startedAt };
    return model;
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
    await model?.losses.release();
  }
}
