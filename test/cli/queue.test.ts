import { describeQueue, type QueueDescription } from '../../cli/dist/queue/describe.js';
import { queueText } from '../../cli/dist/queue/text.js';
import { describe, expect, it } from 'vitest';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { claim, entryOf, loopOf, newQueuedSubnet, turn } from '../core/runtime/queued-subnet.js';
import type { Subnet } from '../core/runtime/subnet.js';
import { validator } from '../e2e/validator-process.js';
import { newWorld } from '../e2e/world.js';

function described(subnet: Subnet, most = 10): QueueDescription {
  const { deps } = subnet;
  const snapshot = deps.view.current;
  const sources = { state: deps.state, operator: deps.operator, snapshot, block: snapshot.at.number };
  const found = describeQueue(sources, entryOf(subnet), most);
  if (!found) throw new Error('there is no queue');
  return found;
}

const textOf = (subnet: Subnet, queue = described(subnet)): string =>
  queueText({
    ...{ subnet: 'test', block: subnet.network.head().number, blockTimeMs: 12_000, isChainRead: true },
    ...{ queues: [queue], without: [] },
  });

describe('the queue as it is shown', () => {
  it('has each claim in its place with its state, and the refusals with their reasons', async () => {
    const subnet = await newQueuedSubnet({ queue: { ahead: 2 } });
    subnet.deps.profile = { ...subnet.deps.profile, missingGrace: 50 };
    claim(subnet, 3, 'wrong', 2, 'wrong');
    await turn(subnet);
    claim(subnet, 4, 'missing', 2);
    rmSync(join(subnet.folder, 'repos', 'miner', 'missing'), { recursive: true });
    claim(subnet, 5, 'here', 3);
    claim(subnet, 6, 'far', 4);
    await turn(subnet);
    subnet.network.advance(30);
    await subnet.deps.view.refresh(subnet.signal);
    const { waiting, refused } = described(subnet);
    expect(waiting.map(({ place, uid, repo, status, code }) => [place, uid, repo, status, code])).toEqual([
      [1, 4, 'miner/missing', 'missing', 'REPO_NOT_FOUND'],
      [2, 5, 'miner/here', 'ready', null],
      [3, 6, 'miner/far', 'waiting', null],
    ]);
    expect(waiting[0]?.blocks).toBeGreaterThanOrEqual(30);
    expect(refused.map(({ uid, code, repo }) => [uid, code, repo])).toEqual([[3, 'HASH_MISMATCH', 'miner/wrong']]);
    expect(described(subnet, 1).refused).toHaveLength(1);
    subnet.deps.operator = { deny: [{ hotkey: subnet.neuron(5).hotkey, reason: 'of the test' }], history: {} };
    expect(described(subnet).waiting.map(({ status }) => status)).toEqual(['missing', 'denied', 'fetching']);
    const text = textOf(subnet);
    expect(text).toMatch(/^ +1 +4 +\d+ +\d+ min +miner\/missing +missing at \d+ *$/m);
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  it('shows nothing of a miner that a terminal would obey, in lines of 80 columns', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'model', 2);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    const { waiting, ...rest } = described(subnet);
    const hostile = { repo: `\u001b[31m${'x'.repeat(900)}\u202e`, code: 'A'.repeat(90), status: 'blocked' as const };
    const refused = waiting.map(({ uid, hotkey, block }) => ({ uid, hotkey, block, ...hostile, message: '', at: 1 }));
    const text = textOf(subnet, { ...rest, waiting: waiting.map((one) => ({ ...one, ...hostile })), refused });
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  it('says so where no claim waits', async () => {
    const subnet = await newQueuedSubnet();
    await turn(subnet);
    expect(textOf(subnet)).toContain('one: no claim waits');
  });
});

it('validator queue says of a subnet without one that it has none', async () => {
  const world = newWorld();
  await validator(['run', '--once', '--config', world.config]);
  const { stdout, code } = await validator(['queue', '--config', world.config]);
  expect([code, stdout.trim()]).toEqual([
    0,
    'No competition of demo has a queue: models play as soon as they are fetched and verified.',
  ]);
  const json = await validator(['queue', '--config', world.config, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ queues: [], isChainRead: true });
}, 120_000);
