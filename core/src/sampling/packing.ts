import type { SampleRequest } from '../contracts/dataset-provider.js';
import { PythonRandom } from './python-random.js';

/** One stream cut into sequences; the last incomplete one is dropped. */
export function packSequences(stream: readonly number[], sequenceLength: number): number[][] {
  const count = Math.floor(stream.length / sequenceLength);
  return Array.from({ length: count }, (_none, index) =>
    stream.slice(index * sequenceLength, (index + 1) * sequenceLength),
  );
}

/**
 * A stream of documents, each ended by `eos`: the mark is taken off and the document padded with `eos` to a multiple of
 * the length, so that no sequence holds two documents. One of exactly a multiple therefore ends without any, and an
 * empty one leaves nothing. What follows the last `eos` is no document yet and is left out.
 */
export function padDocuments(stream: readonly number[], eos: number, sequenceLength: number): number[] {
  const padded: number[] = [];
  let start = 0;
  for (let end = stream.indexOf(eos); end >= 0; end = stream.indexOf(eos, start)) {
    for (let position = start; position < end; position += 1) padded.push(stream[position] ?? eos);
    while (padded.length % sequenceLength !== 0) padded.push(eos);
    start = end + 1;
  }
  return padded;
}

/** Sequences in batches; the last incomplete batch is dropped. [batch][row][token] */
export function batchSequences(sequences: readonly number[][], batchSize: number): number[][][] {
  const count = Math.floor(sequences.length / batchSize);
  return Array.from({ length: count }, (_none, index) => sequences.slice(index * batchSize, (index + 1) * batchSize));
}

/** What a loader yields of its stream of documents. [batch][row][token] */
export function batchesOf(
  stream: readonly number[],
  {
    packSamples,
    sequenceLength,
    batchSize,
    tokenizer,
  }: Pick<SampleRequest, 'packSamples' | 'sequenceLength' | 'batchSize' | 'tokenizer'>,
): number[][][] {
  const prepared = packSamples ? stream : padDocuments(stream, tokenizer.eosTokenId, sequenceLength);
  return batchSequences(packSequences(prepared, sequenceLength), batchSize);
}

/** `random.Random(seed).shuffle(batches)`, then the first `limit`, or all: which batches of a dataset are scored. */
export function shuffleAndTruncate<T>(batches: readonly T[], seed: bigint, limit = Number.POSITIVE_INFINITY): T[] {
  const shuffled = [...batches];
  new PythonRandom(seed).shuffle(shuffled);
  return shuffled.slice(0, limit);
}
