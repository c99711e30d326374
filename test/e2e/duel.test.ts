import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TEXTS, TOKENIZER } from '@assay/competition-demo/dist/competitions.js';
import duel from '@assay/competition-duel';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { asJson } from '@assay/core/runtime/derived-rows';
import { RuleBook } from '@assay/core/rules/rule-book';
import { openJournal } from '@assay/plugin-libsql-journal';
import { beforeAll, describe, expect, it } from 'vitest';
import { replayed, wholeRound } from '../recorded-round.js';
import { allOf, eventsOf, startRun, validator, type RunningValidator } from './validator-process.js';
import { newFolder, newWorld, type World } from './world.js';

/** The demo's repos have one revision each, named after the repo. */
const king = {
  namespace: 'honest',
  name: 'llama-250',
  revision: createHash('sha1').update('honest/llama-250').digest('hex'),
};
const SAMPLES = 40;
const PART = 4;
const ROUNDS = 3;

/** The demo's miners, judged by duels: the king is hardly trained, the first who challenges still less, the third far more. */
const INDEX = `
import { defineCompetition, definePlugin, defineProfile } from '@assay/core';
const SECOND = 1000;
export default definePlugin({
  apiVersion: 1, name: 'outside-duels',
  provides: {
    competitions: [defineCompetition({
      id: 1, name: 'outside-duels',
      constraints: { minParameters: 100_000, maxParameters: 700_000, maxBytes: 4 * 1024 * 1024, architectures: ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'], sequenceLength: 128 },
      tokenizer: { kind: 'folder', path: ${JSON.stringify(TOKENIZER)} },
      epsilon: { rule: 'fixed', epsilon: 0 },
      tasks: [{
        name: 'docs', kind: 'text-loss', dataset: 'local-text', datasetOptions: { path: ${JSON.stringify(TEXTS)}, pageRows: 5 },
        pages: 6, batchSize: 1, packSamples: true, maxBatches: ${SAMPLES}, weight: 1, normalization: { type: 'none' },
        parameters: { continuation: null },
      }],
      match: { rule: 'paired-bootstrap', margin: 0.0015, alpha: 0.01, resamples: 1000, earlyStop: { every: ${PART} } },
      onDatasetFailure: 'skip-round',
    })],
    profiles: {
      'outside-duels': defineProfile({
        name: 'outside-duels', netuid: 9, weightsVersionKey: 4062n, commitmentCodec: 'pretraining',
        schedule: [{ fromBlock: 0, competitions: [{ id: 1, name: 'outside-duels', share: 1 }] }],
        rules: [{
          fromBlock: 0, seed: { rule: 'challenge' }, entrants: { rule: 'queue' },
          standing: { rule: 'king-chain', king: { reference: ${JSON.stringify(king)} } },
          merge: [{ rule: 'by-share' }, { rule: 'burn', to: 1 }],
        }],
        syncCadence: 30, evaluationDelay: 50, sampleMin: 5, updatedModelsLimit: 30, keepThreshold: 0.001,
        topMiners: { minStake: 50_000n * 1_000_000_000n, minWeightShare: 0.05, reevaluateAfterBlocks: 60 },
        cadences: {
          metagraphSync: 5 * SECOND, metagraphDeadline: 10 * SECOND, modelSync: 2 * SECOND, modelSyncBacklogPoll: SECOND,
          modelSyncStart: 0, topModelScan: 15 * SECOND, evaluationIdle: SECOND, roundDeadline: 120 * SECOND,
          modelDeadline: 60 * SECOND, weights: 10 * SECOND, weightsPoll: SECOND, weightsDeadline: 10 * SECOND,
          weightsRetry: 2 * SECOND, cleaning: 10 * SECOND, cleaningStart: 10 * SECOND, cleaningGrace: 5 * SECOND,
        },
      }),
    },
  },
});
`;

let plugin: string;
let home: Record<string, string>;

beforeAll(async () => {
  plugin = join(newFolder(), 'outside-duels');
  mkdirSync(plugin);
  const manifest = {
    ...{ name: 'outside-duels', version: '1.0.0', type: 'module', exports: './index.js' },
    ...{ validator: { plugin: true, apiVersion: 1 }, oclif: {} },
    ...{ peerDependencies: { '@assay/core': '^0.1.0' }, peerDependenciesMeta: { '@assay/core': { optional: true } } },
  };
  writeFileSync(join(plugin, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(plugin, 'index.js'), INDEX);
  const folder = newFolder();
  home = {
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
  const linked = await validator(['plugins', 'link', plugin], { env: home });
  expect(linked.code, linked.stderr).toBe(0);
}, 120_000);

/** The demo's network, on which no block passes. */
const duels = (world: World): string =>
  world.configWith('duels.yaml', {
    subnet: 'outside-duels',
    chain: {
      use: 'local-chain',
      file: join(world.folder, 'network', 'chain.db'),
      genesis: join(world.folder, 'network', 'genesis.json'),
      blockTime: 86_400,
    },
  });

const start = (config: string): RunningValidator =>
  startRun(['--rounds', String(ROUNDS), '--dry-run', '--config', config], { env: home });

function records({ folder }: World): { entry: RoundEntry; differences: string[] }[] {
  const journal = openJournal({ folder, mode: 'read' });
  const rules = new RuleBook([{ name: 'duel', provides: duel.provides }]);
  return Array.from({ length: journal.head()?.number ?? 0 }, (_none, index) => ({
    entry: wholeRound(journal, index + 1),
    differences: replayed(journal, index + 1, rules).differences,
  }));
}

/** What a record decides and rests on, without the time of day. */
const substance = ({ entry: { recordedAt, ...rest } }: { entry: RoundEntry }): string => {
  expect(recordedAt).toMatch(/Z$/);
  return canonicalJson(asJson(rest));
};

describe('duels of real models', () => {
  let undisturbed: string[];

  it(
    'score a hopeless challenger on a fifth of the samples, and crown a better one',
    { timeout: 300_000 },
    async () => {
      const world = newWorld();
      const run = start(duels(world));
      const { code, stderr } = await run.ended;
      expect(code, stderr).toBe(0);
      const saved = allOf(run.events, 'round-finished').map((event) => event.saved);
      expect(saved[0]).toMatchObject({ samples: SAMPLES, used: SAMPLES / 5, models: 2, computed: (2 * SAMPLES) / 5 });
      // The king's own files under another claim: one model, of which nothing is known after the first samples of this seed.
      expect(saved[1]).toMatchObject({ samples: SAMPLES, used: SAMPLES / 5, models: 1 });
      expect(saved[2]?.used ?? SAMPLES).toBe(SAMPLES);
      const all = records(world);
      expect(all.flatMap(({ differences }) => differences)).toEqual([]);
      expect(all.map(({ entry }) => entry.contenders.map(({ uid, reference }) => [uid < 0, reference.name]))).toEqual([
        [
          [true, 'llama-250'],
          [false, 'llama-60'],
        ],
        [
          [true, 'llama-250'],
          [false, 'llama-250'],
        ],
        [
          [true, 'llama-250'],
          [false, 'llama-900'],
        ],
      ]);
      undisturbed = all.map(substance);
    },
  );

  it('go on inside a model after a kill, with the same records', { timeout: 300_000 }, async () => {
    const world = newWorld();
    const config = duels(world);
    const first = start(config);
    const isFarEnough = (): boolean =>
      allOf(first.events, 'evaluation-progress').some(({ repo, done }) => repo === 'honest/llama-900' && done >= 18);
    const ended = first.ended.then(() => true);
    while (!isFarEnough() && !(await Promise.race([ended, delay(5)]))) continue;
    first.kill('SIGKILL');
    await first.ended;
    const again = await validator(['run', '--rounds', '1', '--dry-run', '--json', '--config', config], { env: home });
    expect(again.code, again.stderr).toBe(0);
    const scored = allOf(eventsOf(again.stdout), 'evaluation-progress').filter(({ phase }) => phase === 'score');
    expect(Math.min(...scored.map(({ done }) => done))).toBeGreaterThan(PART * 3);
    expect(records(world).map(substance)).toEqual(undisturbed);
  });
});
