import { isDeepStrictEqual } from 'node:util';
import type { DatasetSample } from '../../contracts/dataset-provider.js';
import type { TaskContext, TaskKind } from '../../contracts/task-kind.js';
import { demand } from '../checks.js';

type Case = (kind: TaskKind) => void;

const SEQUENCE = 16;
/** Letters for tokens: a id is a code point. */
const context: TaskContext = {
  seed: 7n,
  tokenizer: {
    name: 'letters',
    digest: '0'.repeat(64),
    eosTokenId: 0,
    vocabularySize: 65_536,
    modelMaxLength: Number.POSITIVE_INFINITY,
    encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
    decode: (ids) => String.fromCharCode(...ids),
  },
  sequenceLength: SEQUENCE,
};
const DRAWN: DatasetSample = {
  batches: Array.from({ length: 12 }, (_none, batch) => [
    Array.from({ length: SEQUENCE }, (_token, index) => 32 + ((batch * 31 + index * 7) % 90)),
  ]),
  pages: ['page', 'other'],
  clusters: Array.from({ length: 12 }, (_none, batch) => batch % 2),
  source: 'made up',
};
const LOSSES = Array.from({ length: 12 }, (_none, index) => 2 + index / 10);

const samplesOf = (kind: TaskKind): number[][][] =>
  Array.from(kind.samples(DRAWN, context).samples, (rows) => rows.map((row) => Array.from(row)));

/** What every kind of task has to do. */
export const KIND_CASES: Readonly<Record<string, Case>> = {
  'asks for some amount of data': (kind) => {
    const { pages, sequences = 0, sequenceLength } = kind.request(context);
    demand(pages > 0 || sequences > 0, 'it asks for neither pages nor sequences');
    demand(sequenceLength > 0, `sequences of ${sequenceLength} tokens`);
  },
  'scores samples of what was drawn, the same twice': (kind) => {
    const samples = samplesOf(kind);
    demand(samples.length > 0, 'it scores nothing of twelve sequences');
    demand(
      samples.every((rows) => rows.length > 0 && rows.every((row) => row.length > 0)),
      'a sample has no token',
    );
    demand(isDeepStrictEqual(samples, samplesOf(kind)), 'the second time the samples differ');
  },
  'names the page of every sample, or of none': (kind) => {
    const { samples, clusters } = kind.samples(DRAWN, context);
    if (!clusters) return;
    const count = Array.from(samples).length;
    demand(clusters.length === count, `it names the pages of ${clusters.length} samples, of ${count}`);
    demand(
      clusters.every((page) => page in DRAWN.pages),
      'it names a page that was not drawn',
    );
  },
  'gives the evaluator plain data': (kind) => {
    const { parameters, prompts } = kind.samples(DRAWN, context);
    for (const value of [parameters, prompts])
      demand(isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value), 'it can not be written as JSON');
  },
  'has a finite score for finite losses, the same twice': (kind) => {
    const [one, other] = [kind.judge({ losses: LOSSES }, 'task'), kind.judge({ losses: LOSSES }, 'task')];
    demand(one.refusal === null && Number.isFinite(one.score), 'it has none');
    demand(isDeepStrictEqual(one, other), 'the second time it judges otherwise');
  },
  'tells better losses from worse ones': (kind) => {
    const scoreFor = (losses: readonly number[]): number => Number(kind.judge({ losses }, 'task').score);
    demand(scoreFor(LOSSES) !== scoreFor(LOSSES.map((loss) => loss / 2)), 'losses half as large have the same score');
  },
  'refuses losses that are no numbers, as the fault of the miner': (kind) => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { refusal } = kind.judge({ losses: [...LOSSES.slice(1), wrong] }, 'task');
      demand(refusal !== null, `a loss of ${wrong} has a score`);
      demand(refusal.fault === 'miner', `${refusal.code} is a fault of ${refusal.fault}`);
    }
  },
};
