import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { joinEntry } from '@assay/core/journal/stored-entry';
import { submissionEntry } from '@assay/core/runtime/submission-entry';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { openJournal } from '@assay/plugin-libsql-journal';
import { describe, expect, it } from 'vitest';
import { allOf, startRun, type RunningValidator } from './validator-process.js';
import { newWorld, type World } from './world.js';

/** Blocks that weights wait for before a block holds them: the time in which the validator is killed. */
const DELAY = 200;
const WAIT_MS = 60_000;

const configOf = (world: World): string =>
  world.configWith('delayed.yaml', {
    chain: {
      use: 'local-chain',
      file: join(world.folder, 'network', 'chain.db'),
      genesis: join(world.folder, 'network', 'genesis.json'),
      blockTime: 0.5,
    },
    evaluator: {
      use: 'process',
      command: ['node', join(import.meta.dirname, 'programs', 'digest-evaluator.mjs')],
      canary: false,
    },
    competitions: ['demo-docs'],
    cadences: {
      evaluationIdle: 20,
      weights: 3_600_000,
      weightsPoll: 50,
      weightsDeadline: 120_000,
      metagraphSync: 200,
      modelSync: 300,
    },
  });

const networkOf = ({ folder }: World): LocalNetwork => LocalNetwork.open(join(folder, 'network', 'chain.db'), 'write');

function withNetwork<T>(world: World, work: (network: LocalNetwork) => T): T {
  const network = networkOf(world);
  try {
    return work(network);
  } finally {
    network.close();
  }
}

const lastUpdate = (world: World): number =>
  withNetwork(world, (network) => network.snapshot().neurons.find(({ uid }) => uid === 0)?.lastUpdate ?? 0);

async function inJournal<T>({ folder }: World, read: (state: ValidatorState) => T): Promise<T> {
  const journal = openJournal({ folder, mode: 'read' });
  try {
    return read(new ValidatorState(journal));
  } finally {
    await journal.close();
  }
}

/** Resolves when the run has kept a ticket, which is right before the weights leave it; then it stands still. */
async function stoppedAfterSending(world: World, run: RunningValidator): Promise<void> {
  await run.saw('round-finished');
  for (const end = performance.now() + WAIT_MS; performance.now() < end;) {
    await delay(20);
    if (await inJournal(world, (state) => state.weightsIntent()?.ticket !== undefined)) {
      // The submission follows its ticket within milliseconds, and is held by no block for a hundred seconds.
      await delay(300);
      run.kill('SIGSTOP');
      return;
    }
  }
  throw new Error(`no ticket was kept within ${WAIT_MS} ms`);
}

const outcomes = (world: World): Promise<string[]> =>
  inJournal(world, ({ journal }) =>
    journal
      .records(99, 'submission')
      .map(({ entry }) => submissionEntry.parse(joinEntry(entry, journal).entry).outcome.status),
  );

describe('kill -9 between a submission and its record', () => {
  it.each([
    ['set', false, 'landed'],
    ['committed', true, 'committed'],
  ])(
    'of weights that are %s: the next process finds them, and sends none',
    { timeout: 240_000 },
    async (status, commits, outcome) => {
      const world = newWorld();
      const config = configOf(world);
      // The first run makes the network out of its genesis.
      const first = startRun(['--config', config, '--dont-set-weights']);
      await first.saw('round-finished');
      first.kill('SIGTERM');
      await first.ended;
      withNetwork(world, (network) => {
        network.setHyperparameters({ commitRevealEnabled: commits, tempo: 360 });
        network.submissions.delay(DELAY);
      });
      const before = lastUpdate(world);

      const killed = startRun(['--config', config, '--i-am-the-only-one']);
      await stoppedAfterSending(world, killed);
      expect(lastUpdate(world)).toBe(before);
      const landing = withNetwork(world, (network) => network.advance(DELAY + 2).number);
      expect(lastUpdate(world)).toBeGreaterThan(before);
      const landed = lastUpdate(world);
      killed.kill('SIGKILL');
      await killed.ended;
      expect(await outcomes(world)).toEqual([]);

      const next = startRun(['--config', config]);
      expect(await next.saw('weights-settled')).toMatchObject({ status, block: landed });
      if (commits) {
        withNetwork(world, (network) => network.advance(800));
        expect(await next.saw('weights-revealed')).toMatchObject({ committedAt: landed });
      } else await delay(1000);
      next.kill('SIGTERM');
      await next.ended;
      expect([landing > landed, lastUpdate(world), await outcomes(world)]).toEqual([true, landed, [outcome]]);
      for (const event of ['doppelganger', 'weights-failed', 'weights-set'] as const)
        expect(allOf([...killed.events, ...next.events], event)).toEqual([]);
    },
  );
});
