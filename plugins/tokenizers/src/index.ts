import { z } from 'zod';
import type { Tokenizer, TokenizerLoader, TokenizerReference } from '@assay/core/contracts/tokenizer';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { tokenizerErrors } from './errors.js';

const BUILT_IN = 'cl100k_base';

/** Tokenizers by reference, each opened once. */
class Tokenizers implements TokenizerLoader {
  readonly #opened = new Map<string, Promise<Tokenizer>>();

  constructor(private readonly deps: PluginDeps) {}

  load(reference: TokenizerReference, signal: AbortSignal): Promise<Tokenizer> {
    signal.throwIfAborted();
    const key = JSON.stringify(reference);
    const known = this.#opened.get(key);
    if (known) return known;
    const opening = this.#open(reference, signal);
    this.#opened.set(key, opening);
    // What failed once may have been mended meanwhile.
    opening.catch(() => this.#opened.delete(key));
    return opening;
  }

  async #open(reference: TokenizerReference, signal: AbortSignal): Promise<Tokenizer> {
    // Ranks and the library take a while to load, and a run needs one of them.
    if (reference.kind === 'folder') {
      const { tokenizerFolder, warnOf } = await import('./tokenizer-folder.js');
      const path = this.deps.resolvePath(reference.path);
      return tokenizerFolder(path, path, warnOf(this.deps.log, path));
    }
    if (reference.kind === 'hub')
      return (await import('./hub-tokenizer.js')).hubTokenizer(reference, this.deps, signal);
    if (reference.name !== BUILT_IN)
      throw tokenizerErrors.TOKENIZER_UNKNOWN({ name: reference.name, known: [BUILT_IN] });
    return (await import('./cl100k.js')).cl100kBase();
  }
}

export default definePlugin({
  apiVersion: 1,
  name: 'tokenizers',
  provides: {
    tokenizer: {
      options: z.strictObject({}),
      create: async (_options: object, deps: PluginDeps): Promise<TokenizerLoader> => new Tokenizers(deps),
    },
  },
});
