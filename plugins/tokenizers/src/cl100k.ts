import { createHash } from 'node:crypto';
import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { bytePairMerge } from './byte-pair-merge.js';

const END_OF_TEXT = 100_257;
const SPECIAL = new Map([
  ['<|endoftext|>', END_OF_TEXT],
  ['<|fim_prefix|>', 100_258],
  ['<|fim_middle|>', 100_259],
  ['<|fim_suffix|>', 100_260],
  ['<|endofprompt|>', 100_276],
]);
/** Highest id and one: a model's embedding must reach it. Between the specials some ids are unused. */
const VOCABULARY_SIZE = 100_277;
/** Of the tokenizer that netuid 9 names, Xenova/gpt-4. */
const MODEL_MAX_LENGTH = 8192;
/**
 * cl100k's pieces, with the white space of Unicode as the library's engine has it: JavaScript's own \s counts the byte
 * order mark in and U+0085 out. The long s is an s to a rule that ignores case.
 */
const SPACE = String.raw`\p{White_Space}`;
const PIECE = new RegExp(
  [
    String.raw`'(?:[sSdDmMtT\u017F]|[lL][lL]|[vV][eE]|[rR][eE])`,
    String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^${SPACE}\p{L}\p{N}]+[\r\n]*`,
    String.raw`${SPACE}*[\r\n]+`,
    String.raw`${SPACE}+(?!\P{White_Space})`,
    `${SPACE}+`,
  ].join('|'),
  'gu',
);
const SPECIAL_TEXT = /(<\|(?:endoftext|fim_prefix|fim_middle|fim_suffix|endofprompt)\|>)/;
const ASCII = /^[\0-\x7f]*$/;
/** Pieces whose ids are remembered, and the length up to which one is: text repeats its short words. */
const REMEMBERED = 50_000;
const REMEMBERED_LENGTH = 64;

/**
 * cl100k_base with its ranks built in. The package that brings the ranks has an encoder too; it needs quadratic time
 * for one long piece and sees special tokens only at the start of a text, so the ids are made here.
 */
export function cl100kBase(): Tokenizer {
  const tokens = ranks.map((token) => (typeof token === 'string' ? Buffer.from(token, 'utf8') : Buffer.from(token)));
  const rankOfBytes = new Map(tokens.map((token, rank) => [token.toString('latin1'), rank]));
  const textOf = new Map([...SPECIAL].map(([text, id]) => [id, Buffer.from(text)]));
  const encodePiece = remembering(pieceEncoder(rankOfBytes, Math.max(...tokens.map(({ length }) => length))));
  return {
    name: 'cl100k_base',
    digest: digestOf(tokens),
    eosTokenId: END_OF_TEXT,
    vocabularySize: VOCABULARY_SIZE,
    modelMaxLength: MODEL_MAX_LENGTH,
    encode: (text) => encode(text.toWellFormed(), encodePiece),
    decode: (ids) => Buffer.concat(ids.flatMap((id) => tokens[id] ?? textOf.get(id) ?? [])).toString('utf8'),
  };
}

type EncodePiece = (piece: string) => readonly number[];

function encode(text: string, encodePiece: EncodePiece): number[] {
  const ids: number[] = [];
  for (const section of text.split(SPECIAL_TEXT)) {
    const special = SPECIAL.get(section);
    if (special !== undefined) {
      ids.push(special);
      continue;
    }
    for (const [piece] of section.matchAll(PIECE)) {
      for (const id of encodePiece(piece)) ids.push(id);
    }
  }
  return ids;
}

function pieceEncoder(ranksByBytes: ReadonlyMap<string, number>, longest: number): EncodePiece {
  const rankOf = (bytes: string): number | undefined => ranksByBytes.get(bytes);
  return (piece) => {
    const bytes = ASCII.test(piece) ? piece : Buffer.from(piece, 'utf8').toString('latin1');
    const whole = bytes.length <= longest ? rankOf(bytes) : undefined;
    return whole === undefined ? bytePairMerge(bytes, rankOf, longest) : [whole];
  };
}

function remembering(encodePiece: EncodePiece): EncodePiece {
  const known = new Map<string, readonly number[]>();
  return (piece) => {
    const found = known.get(piece);
    if (found) return found;
    const ids = encodePiece(piece);
    if (piece.length <= REMEMBERED_LENGTH) {
      if (known.size >= REMEMBERED) known.clear();
      known.set(piece, ids);
    }
    return ids;
  };
}

/** Over everything that an encoding depends on; the version of Unicode decides what a letter is. */
function digestOf(tokens: readonly Buffer[]): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([PIECE.source, [...SPECIAL], MODEL_MAX_LENGTH, process.versions['unicode'] ?? '']));
  for (const token of tokens) hash.update(Uint8Array.of(token.length)).update(token);
  return hash.digest('hex');
}
