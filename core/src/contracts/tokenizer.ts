/** Text to token ids, as the competition's own tokenizer does it. */
export interface Tokenizer {
  /** What was loaded, for the journal: `cl100k_base`, a folder, a repo at a revision. */
  readonly name: string;
  /** Changes whenever any encoding could change. Hex sha256. */
  readonly digest: string;
  readonly eosTokenId: number;
  /** Number of ids, specials included. */
  readonly vocabularySize: number;
  /** Ids after which the library cuts a row, special tokens included; Infinity where it sets no limit. */
  readonly modelMaxLength: number;
  /**
   * Text of special tokens becomes their id, as in the library. Lone surrogates become U+FFFD. A dataset keeps the first
   * `modelMaxLength` ids; a tokenizer that is cut otherwise (on the left, or before a token that ends each text) returns
   * ids that are cut already.
   */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}

/** Opens tokenizers by reference. */
export interface TokenizerLoader {
  load(reference: TokenizerReference, signal: AbortSignal): Promise<Tokenizer>;
}

/**
 * `builtin`: by name (cl100k_base). `folder`: a folder with tokenizer.json and tokenizer_config.json. `hub`: the same
 * two files of a repo at a commit, a branch or a tag.
 */
export type TokenizerReference =
  | { kind: 'builtin'; name: string }
  | { kind: 'folder'; path: string }
  | { kind: 'hub'; repo: string; revision: string };

/** In place of a tokenizer where every dataset has token ids already: they are below `vocabularySize`. */
export interface NoTokenizer {
  kind: 'none';
  vocabularySize: number;
}

export const TOKENIZER_LOADER = Symbol.for('assay.TokenizerLoader');
