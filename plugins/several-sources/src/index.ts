import { z } from 'zod';
import { DEFAULT_SOURCE, type ModelReference, type RepoFile } from '@assay/core/contracts/model';
import type { ByteRange, ModelSource, OpenedFile, RepoListing } from '@assay/core/contracts/model-store';
import { storeErrors } from '@assay/core/model/errors';
import { choiceOf, type Choice } from '@assay/core/plugin/choice';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { severalSourcesErrors } from './errors.js';

const options = z.strictObject({
  of: z.array(choiceOf('store')).min(1).describe('The stores, each for other kinds of references.'),
});

/** Sources side by side: each reference goes to the one that serves its kind. */
class SeveralSources implements ModelSource {
  readonly sources: readonly string[];
  readonly #bySource = new Map<string, ModelSource>();

  /** @throws SOURCES_OVERLAP */
  constructor(private readonly parts: readonly ModelSource[]) {
    for (const part of parts) {
      for (const source of part.sources ?? [DEFAULT_SOURCE]) {
        const first = this.#bySource.get(source)?.description;
        if (first !== undefined)
          throw severalSourcesErrors.SOURCES_OVERLAP({ source, first, second: part.description });
        this.#bySource.set(source, part);
      }
    }
    this.sources = [...this.#bySource.keys()];
  }

  get description(): string {
    return this.parts.map(({ description }) => description).join('; ');
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    return this.#sourceOf(reference).list(reference, signal);
  }

  async open(reference: ModelReference, file: RepoFile, range: ByteRange, signal: AbortSignal): Promise<OpenedFile> {
    return this.#sourceOf(reference).open(reference, file, range, signal);
  }

  /** @throws SOURCE_NOT_SERVED */
  #sourceOf({ source = DEFAULT_SOURCE }: ModelReference): ModelSource {
    const part = this.#bySource.get(source);
    if (part) return part;
    throw storeErrors.SOURCE_NOT_SERVED({ source, store: this.description, sources: this.sources });
  }
}

export default definePlugin({
  apiVersion: 1,
  name: 'several',
  provides: {
    store: {
      options,
      // Each part is closed by the one that has made it.
      create: async ({ of }: { of: Choice[] }, { make }: PluginDeps): Promise<ModelSource> => {
        const parts: ModelSource[] = [];
        for (const choice of of) parts.push(await make('store', choice));
        return new SeveralSources(parts);
      },
    },
  },
});
