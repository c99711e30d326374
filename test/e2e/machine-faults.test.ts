import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '@assay/core/contracts/reporter';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { openJournal } from '@assay/plugin-libsql-journal';
import { replayed, wholeRound } from '../recorded-round.js';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { z } from 'zod';
import { afterEach, describe, expect, it } from 'vitest';
import { childrenOf } from './process-tree.js';
import {
  allOf,
  eventsOf,
  isEvent,
  startRun,
  validator,
  type Answer,
  type RunningValidator,
} from './validator-process.js';
import { newWorld, type World } from './world.js';

/** The best model of the demo, and its first owner. */
const WINNER = 2;
/** Miners that play here: the best, two good ones, a GPT-2 and one that is refused. */
const PLAYERS = [WINNER, 8, 9, 10, 16];
const PATIENCE = { timeout: 180_000 };

/** The demo with these miners only. */
function smallWorld(): World {
  const world = newWorld();
  const path = join(world.folder, 'network', 'genesis.json');
  const genesis = z
    .looseObject({ commitments: z.array(z.looseObject({ who: z.number() })) })
    .parse(JSON.parse(readFileSync(path, 'utf8')));
  genesis.commitments = genesis.commitments.filter(({ who }) => PLAYERS.includes(who));
  writeFileSync(path, JSON.stringify(genesis));
  return world;
}

/** Lets the chain come to other samples: results of the same ones, made of sound files, are not made again. */
function nextSyncBlock({ folder }: World): void {
  const network = LocalNetwork.open(join(folder, 'network', 'chain.db'), 'write');
  network.advance(30);
  network.close();
}

const once = (world: World): Promise<Answer> => validator(['run', '--config', world.config, '--once', '--json']);

/** Uids to which the chain gives more than a thousandth of this validator's weight; empty before the first weights. */
function rewarded({ folder }: World): number[] {
  const network = LocalNetwork.open(join(folder, 'network', 'chain.db'), 'read');
  const row = [...network.snapshot().weights].find(([uid]) => uid === 0)?.[1] ?? [];
  network.close();
  return row.filter(([, value]) => value > 65).map(([uid]) => uid);
}

/** Every recorded round, oldest first, each of which has to replay. */
function rounds({ folder }: World): RoundEntry[] {
  const journal = openJournal({ folder, mode: 'read' });
  const numbers = journal.records(100).map(({ number }) => number);
  for (const number of numbers) expect(replayed(journal, number).differences).toEqual([]);
  return numbers.reverse().map((number) => wholeRound(journal, number));
}

const voidOf = ({ verdict }: { verdict?: unknown }): string | null =>
  (verdict as { void: { code: string } | null }).void?.code ?? null;

const minersBlamed = (events: readonly RunEvent[], uid: number): string[] =>
  [
    ...allOf(events, 'evaluation-finished').filter((event) => event.uid === uid),
    ...allOf(events, 'model-checked').filter((event) => event.uid === uid),
  ].flatMap(({ error }) => (error?.fault === 'miner' ? [error.code] : []));

describe('signals that nobody here has sent', () => {
  /** Sends a signal to the evaluators each time the evaluation of this uid begins, so many times. */
  function strike(run: RunningValidator, uid: number, signal: NodeJS.Signals, times: number): { sent: number } {
    const struck = { sent: 0 };
    let at = 0;
    const timer = setInterval(() => {
      for (; at < run.events.length; at += 1) {
        const event = run.events[at];
        if (!event || !isEvent(event, 'evaluation-progress') || event.uid !== uid || event.phase !== 'load') continue;
        if (struck.sent >= times) continue;
        struck.sent += 1;
        for (const child of childrenOf(run.pid)) process.kill(child, signal);
      }
    }, 5);
    void run.ended.then(() => {
      clearInterval(timer);
    });
    return struck;
  }

  it.each(['SIGKILL', 'SIGTERM', 'SIGBUS'] as const)(
    '%s, twice on the best model of a fresh validator: no weights go to anybody else',
    PATIENCE,
    async (signal) => {
      const world = smallWorld();
      const run = startRun(['--config', world.config, '--once']);
      const struck = strike(run, WINNER, signal, 4);
      const { stderr } = await run.ended;
      expect(struck.sent, stderr).toBeGreaterThanOrEqual(2);
      expect(minersBlamed(run.events, WINNER)).toEqual([]);
      expect([[], [WINNER]]).toContainEqual(rewarded(world));
      expect(rounds(world).map(voidOf)).toContain('CLAIMS_UNKNOWN');
      const again = await once(world);
      expect(again.code, again.stderr).toBe(0);
      expect(rewarded(world)).toEqual([WINNER]);
    },
  );
});

describe('a disk that does not keep what was written', () => {
  const BF16_EXPONENT = 0x40;
  const rot: [string, (weights: Buffer) => void][] = [
    [
      'a bit of an exponent',
      (weights): void => {
        weights[weights.length - 1] = (weights.at(-1) ?? 0) ^ BF16_EXPONENT;
      },
    ],
    ['4 KiB of zeros', (weights): void => void weights.fill(0, weights.length >> 1, (weights.length >> 1) + 4096)],
    [
      'a bit of a mantissa',
      (weights): void => {
        const at = (weights.length >> 2) & ~1;
        weights[at] = (weights[at] ?? 0) ^ 0x08;
      },
    ],
    ['a bit of the header', (weights): void => void (weights[12] = (weights[12] ?? 0) ^ 0x01)],
    ['its second half', (weights): void => void weights.fill(0xff, weights.length >> 1)],
  ];

  function weightsOf({ folder }: World, repo: string): string {
    const models = join(folder, 'store', 'models', 'models', ...repo.split('/'));
    return join(models, readdirSync(models)[0] ?? '', 'files', 'model.safetensors');
  }

  it('is noticed before a model is scored, and the model is fetched again', PATIENCE, async () => {
    const world = smallWorld();
    expect((await once(world)).code).toBe(0);
    const path = weightsOf(world, 'honest/llama-2000');
    const sound = readFileSync(path);
    for (const [what, change] of rot) {
      const weights = Buffer.from(sound);
      change(weights);
      // In place: the blob is the same file.
      writeFileSync(path, weights, { flag: 'r+' });
      nextSyncBlock(world);
      const { code, stdout, stderr } = await once(world);
      expect(code, `${what}: ${stderr}`).toBe(0);
      const events = eventsOf(stdout);
      expect(
        allOf(events, 'warning').map(({ error }) => error.code),
        what,
      ).toEqual(['STORED_MODEL_CHANGED']);
      expect(minersBlamed(events, WINNER), what).toEqual([]);
      expect(readFileSync(path).equals(sound), what).toBe(true);
      expect(rewarded(world), what).toEqual([WINNER]);
    }
    expect(rounds(world).map(voidOf)).toEqual(rounds(world).map(() => null));
  });
});

describe('a disk that is too small', () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync('umount', [folder]);
  });

  /** Whether this process may mount a file system of its own. */
  function mount(folder: string, kibibytes: number): boolean {
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      return false;
    }
    mounted.push(folder);
    return true;
  }

  it.for([900, 2500, 3500])(
    'sets no weights on %i KiB, says why, and goes on once there is room',
    PATIENCE,
    async (size, { skip }) => {
      const world = smallWorld();
      const folder = join(world.folder, 'store');
      if (!mount(folder, size)) {
        skip('mounting a small disk needs root');
        return;
      }
      const events = eventsOf((await once(world)).stdout);
      expect(rewarded(world)).toEqual([]);
      const alarms = allOf(events, 'warning').map(({ error }) => error.code);
      expect(alarms[0]).toBe('STORE_SHORT');
      // One alarm for each of the two competitions.
      expect(alarms.slice(1)).toEqual(['CLAIMS_UNKNOWN', 'CLAIMS_UNKNOWN']);
      expect(rounds(world).map(voidOf)).toEqual(['CLAIMS_UNKNOWN', 'CLAIMS_UNKNOWN']);
      expect(rounds(world)[0]?.unknown?.map(({ code }) => code)).toContain('STORE_FULL');
      // More than the 100 MB that the demo's config leaves free.
      execFileSync('mount', ['-o', 'remount,size=512m', folder]);
      expect((await once(world)).code).toBe(0);
      expect(rewarded(world)).toEqual([WINNER]);
    },
  );
});
