// Bytes of recorded rounds and how long recording holds the event loop, in both formats of an entry.
// npm run bench -- journal
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newRecord } from '@assay/core/runtime/new-record';
import { asJson } from '@assay/core/runtime/validator-state';
import Database from 'libsql';
import { openJournal } from '@assay/plugin-libsql-journal';
import { uniform } from './random-llama.js';
import { median, printTable } from './table.js';

const BATCHES = 300;
const ROUNDS_A_DAY = 300;
/** Of the contenders, how many come with another model each round. */
const NEW_MODELS = 6;
const MEASURED = 12;
const random = uniform(12);
const hex = (length) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
const name = (length) =>
  Array.from({ length }, () => 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ'[Math.floor(random() * 48)]).join('');

function newModel() {
  const reference = { namespace: name(9), name: name(12), revision: hex(40) };
  return {
    block: 4_000_000 + Math.floor(random() * 1e6),
    commitment: `${reference.namespace}:${reference.name}:${reference.revision}:${name(44)}:9`,
    reference,
    architecture: 'LlamaForCausalLM',
    parameterCount: 13_900_000_000,
    evaluationDigest: hex(64),
  };
}

/** Losses as float32 arithmetic gives them to a mean in float64: no two bits of a mantissa are alike. */
const losses = () => Array.from({ length: BATCHES }, () => 2 + random() / 3);
const vector = (length) => Array.from({ length }, (_none, uid) => (uid % 9 === 0 ? Math.fround(random()) : 0));

const rule = (name, parameters) => ({ rule: name, version: 1, parameters });
const AVERAGE = rule('softmax-average', { temperature: 0.01, alpha: 0.5 });
const RULES = {
  epsilon: rule('linear-decay', { start: 0.005, end: 0.0001, blocks: 50_400 }),
  match: rule('per-batch', {}),
  standing: AVERAGE,
  entrants: rule('pool', { count: 5, threshold: 0.001 }),
  keepThreshold: 0.001,
};
const standingOf = (contenders, weights) => ({
  by: AVERAGE,
  state: { weights, hotkeys: contenders.map(({ hotkey }) => hotkey) },
});

/** The same round as version 0.1 recorded it: whole, and with averages by uid in place of standings and seats. */
function inFormat1({ seats, standingBefore, entrantsBefore, verdict, ...entry }) {
  const { standing, entrants, ...rest } = verdict;
  const [averageBefore, average] = [standingBefore.state.weights, standing.state.weights];
  const rules = { alpha: 0.5, temperature: 0.01, keepThreshold: 0.001, sampleMin: 5 };
  return {
    ...entry,
    format: 1,
    rules,
    averageBefore,
    otherAverages: {},
    verdict: { ...rest, average },
    subnetWeights: average,
  };
}

let after = vector(1024);

function roundOf(contenders, number) {
  const before = after.slice(0, contenders.length);
  after = vector(contenders.length);
  const scored = contenders.map(({ model, hotkey }, uid) => {
    const own = losses();
    const rawScore = own.reduce((sum, value) => sum + value, 0) / own.length;
    const tasks = [{ name: 'web', kind: 'text-loss', rawScore, samples: BATCHES, losses: own }];
    return { uid, hotkey, ...model, sameAs: null, outcome: { status: 'scored', tasks } };
  });
  const verdicts = scored.map(({ uid, block, outcome }) => ({
    uid,
    block,
    score: outcome.tasks[0].rawScore,
    epsilon: 0.005,
    competitive: uid % 9 === 0,
    wins: uid % 9 === 0 ? Math.floor(random() * 1000) : null,
    winRate: uid % 9 === 0 ? random() : null,
    stepWeight: Math.fround(random()),
    averageWeight: Math.fround(random()),
  }));
  return {
    format: 2,
    rulesVersion: 1,
    recordedAt: new Date(1.79e12 + number).toISOString(),
    netuid: 9,
    hotkey: name(48),
    block: 5_000_000 + number,
    blockHash: `0x${hex(64)}`,
    syncBlock: 5_000_000,
    seed: '7340611625460981227176399491740131437424211254636650435042300792014957251518',
    schedule: [{ id: 9, share: 1 }],
    competition: {
      id: 9,
      name: 'refined-web-14b',
      constraints: {
        minParameters: 1,
        maxParameters: 2e10,
        maxBytes: 3e10,
        architectures: ['LlamaForCausalLM'],
        sequenceLength: 4096,
      },
      tokenizer: { kind: 'builtin', name: 'cl100k_base' },
      epsilon: { type: 'linear-decay', start: 0.005, end: 0.0001, blocks: 50_400 },
      tasks: [
        {
          name: 'web',
          kind: 'text-loss',
          dataset: 'refined-web',
          pages: 25,
          batchSize: 1,
          packSamples: false,
          weight: 1,
          normalization: { type: 'none' },
        },
      ],
      match: { rule: 'per-batch' },
      onDatasetFailure: 'skip-round',
    },
    rules: RULES,
    samples: [
      {
        task: 'web',
        dataset: 'refined-web',
        source: 'rows',
        pages: Array.from({ length: 25 }, (_none, page) => `refined-web/default/train/${page * 100_003}`),
        digest: hex(64),
        batches: BATCHES,
      },
    ],
    tokenizer: { name: 'cl100k_base', digest: hex(64) },
    numerics: { device: 'cpu', computeType: 'float32', runtime: 'onnxruntime 1.23', attention: 'sdpa' },
    contenders: scored,
    seats: contenders.map(({ hotkey }, uid) => ({ uid, hotkey })),
    standingBefore: standingOf(contenders, before),
    entrantsBefore: null,
    verdict: {
      void: null,
      contenders: verdicts,
      standing: standingOf(contenders, after),
      entrants: null,
      keep: [0, 9, 18, 27, 36],
      winner: { uid: 0, block: 1, score: 2 },
    },
  };
}

/** Most milliseconds for which the work kept the event loop from turning. */
async function longestHold(work) {
  let longest = 0;
  let before = performance.now();
  let goesOn = true;
  const turn = () => {
    longest = Math.max(longest, performance.now() - before);
    before = performance.now();
    if (goesOn) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise((resolve) => setTimeout(resolve, 20));
  longest = 0;
  await work();
  await new Promise((resolve) => setImmediate(resolve));
  goesOn = false;
  return longest;
}

async function measured(count, append) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const journal = openJournal({ folder, mode: 'write' });
  const contenders = Array.from({ length: count }, () => ({ hotkey: name(48), model: newModel() }));
  const holds = [];
  let [first, firstParts] = [0, 0];
  for (let round = 0; round < MEASURED; round += 1) {
    for (let change = 0; change < NEW_MODELS; change += 1) contenders[Math.floor(random() * count)].model = newModel();
    const entry = roundOf(contenders, round);
    holds.push(await longestHold(async () => journal.commit({ append: await append(entry) })));
    if (round === 0) [first, firstParts] = [bytesOf(folder), partBytes(folder)];
  }
  const bytes = (bytesOf(folder) - first) / (MEASURED - 1);
  const records = [...journal.chain()].slice(1).reduce((sum, { entry }) => sum + JSON.stringify(entry).length, 0);
  const chain = records + partBytes(folder) - firstParts;
  await journal.close();
  rmSync(folder, { recursive: true });
  return { bytes, chain: chain / (MEASURED - 1), hold: median(holds), best: Math.min(...holds) };
}

/** Of shared parts, with their digests. */
function partBytes(folder) {
  const database = new Database(join(folder, 'journal.db'));
  const { bytes } = database.prepare('SELECT coalesce(sum(length(value) + 32), 0) AS bytes FROM parts').get();
  database.close();
  return bytes;
}

/** Of the file and its write-ahead log, after the log was written back. */
function bytesOf(folder) {
  const database = new Database(join(folder, 'journal.db'));
  database.exec('PRAGMA wal_checkpoint(FULL)');
  database.close();
  return statSync(join(folder, 'journal.db')).size;
}

const identity = { hotkey: 'bench' };
const formats = [
  ['1 (0.1)', (entry) => ({ entry: asJson(inFormat1(entry)) })],
  ['2', (entry) => newRecord('round', entry, identity)],
];
const rows = [];
for (const count of [256, 1024]) {
  for (const [format, append] of formats) {
    const { bytes, chain, hold, best } = await measured(count, append);
    const year = (perRound) => `${((perRound * ROUNDS_A_DAY * 365) / 1e9).toFixed(1)} GB`;
    rows.push({
      contenders: count,
      format,
      'KB a round': Math.round(bytes / 1000),
      'of it never dropped': Math.round(chain / 1000),
      'a year': year(bytes),
      'a year, losses dropped': format === '2' ? year(chain) : year(bytes),
      'held ms, median': hold.toFixed(0),
      'held ms, least': best.toFixed(0),
    });
  }
}
printTable(`Recording rounds of ${BATCHES} batches, ${ROUNDS_A_DAY} rounds a day`, rows);
