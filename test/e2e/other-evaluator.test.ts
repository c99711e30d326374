import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { openJournal } from '@assay/plugin-libsql-journal';
import { wholeRound } from '../recorded-round.js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EventOf, RunEvent } from '@assay/core/contracts/reporter';
import { allOf, eventsOf, firstOf, validator } from './validator-process.js';
import { newWorld, type World } from './world.js';

const QWEN_UID = 8;
/** Of the demo's profile. */
const SYNC_CADENCE = 30;
const lossOf = (digest: string): number => 1 + Number.parseInt(digest.slice(0, 8), 16) / 2 ** 32;

describe('another program as the evaluator', () => {
  let world: World;
  /** A newcomer's model kills the program. */
  let first: RunEvent[];
  /** The incumbent's does. */
  let second: RunEvent[];
  /** None does. */
  let third: RunEvent[];

  async function runWith(environment: Readonly<Record<string, string>>): Promise<RunEvent[]> {
    const config = world.configWith('other.yaml', {
      evaluator: { use: 'process', command: ['node', './digest-evaluator.mjs'], environment, canary: false },
      competitions: ['demo-docs'],
    });
    const { code, stdout, stderr } = await validator(['run', '--once', '--json', '--config', config]);
    expect(code, stderr).toBe(0);
    // Past the next sync block: within one of them nothing is evaluated twice.
    const network = LocalNetwork.open(join(world.folder, 'network', 'chain.db'), 'write');
    network.advance(SYNC_CADENCE);
    network.close();
    return eventsOf(stdout);
  }

  const entryOf = (number: number): RoundEntry => {
    const journal = openJournal({ folder: world.folder, mode: 'read' });
    return wholeRound(journal, number);
  };
  const roundOf = (events: readonly RunEvent[]): EventOf<'round-finished'> => {
    const [round, ...others] = allOf(events, 'round-finished');
    if (!round || others.length > 0) throw new Error('one round expected');
    return round;
  };
  const winnerOf = ({ rows }: EventOf<'round-finished'>): number =>
    rows.reduce((best, row) => (row.share > best.share ? row : best)).uid;

  beforeAll(async () => {
    world = newWorld();
    copyFileSync(
      join(import.meta.dirname, 'programs', 'digest-evaluator.mjs'),
      join(world.folder, 'digest-evaluator.mjs'),
    );
    first = await runWith({ CRASH_ON: 'Qwen2ForCausalLM' });
    const incumbent = entryOf(1).contenders.find(({ uid }) => uid === winnerOf(roundOf(first)));
    second = await runWith({ CRASH_ON: incumbent?.evaluationDigest ?? '' });
    third = await runWith({});
  });

  it('makes the scores, under its own numerics', () => {
    const entry = entryOf(1);
    expect(entry.numerics).toMatchObject({ runtime: 'digest 1' });
    const scored = entry.contenders.filter(({ outcome }) => outcome.status === 'scored');
    expect(scored.length).toBeGreaterThan(5);
    for (const { uid, evaluationDigest } of scored) {
      expect(roundOf(first).rows.find((row) => row.uid === uid)?.score).toBe(lossOf(evaluationDigest));
    }
  });

  it('that dies over a newcomer costs the newcomer nothing but time', () => {
    const round = roundOf(first);
    expect(round.void).toBeNull();
    expect(round.rows.find(({ uid }) => uid === QWEN_UID)).toMatchObject({
      score: null,
      error: { code: 'EVALUATOR_CRASHED', fault: 'validator' },
    });
    expect(firstOf(first, 'weights-set')).toMatchObject({ confirmed: true });
    const later = roundOf(third).rows.find(({ uid }) => uid === QWEN_UID);
    expect(later).toMatchObject({ error: null });
    expect(later?.score).toBeTypeOf('number');
  });

  it('that dies over the incumbent makes the round void and leaves the standing', () => {
    const incumbent = winnerOf(roundOf(first));
    const round = roundOf(second);
    expect(round.void).toMatchObject({
      code: 'INCUMBENT_NOT_SCORED',
      payload: { uid: incumbent, code: 'EVALUATOR_CRASHED' },
    });
    expect(round.rows.find(({ uid }) => uid === incumbent)).toMatchObject({
      score: null,
      error: { fault: 'validator' },
    });
    const before = roundOf(first).rows.find(({ uid }) => uid === incumbent)?.share;
    expect(round.rows.find(({ uid }) => uid === incumbent)?.share).toBe(before);
    expect(entryOf(3).standingBefore).toEqual(entryOf(2).standingBefore);
    const largest = ({ weights }: EventOf<'weights-set'>): number | undefined =>
      weights.find(({ value }) => value === 65_535)?.uid;
    expect(allOf([...first, ...second], 'weights-set').map(largest)).toEqual([incumbent, incumbent]);
  });

  it('is blamed for nothing by a later healthy round', () => {
    const round = roundOf(third);
    expect(round.void).toBeNull();
    const blamed = round.rows.filter(({ error }) => error !== null && error.fault !== 'miner');
    expect(blamed).toEqual([]);
    expect(round.rows.find(({ uid }) => uid === winnerOf(roundOf(first)))?.score).toBeTypeOf('number');
  });
});
