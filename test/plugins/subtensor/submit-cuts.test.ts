import { setTimeout as sleep } from 'node:timers/promises';
import type { BlockReference, ChainClient, SubmissionFate, SubmissionTicket } from '@assay/core/contracts/chain-client';
import { isAssayError } from '@assay/core/errors/assay-error';
import { describe, expect, it } from 'vitest';
import { ChainProxy } from '../../chain-proxy.js';
import { random as seededRandom } from '../../fuzz/mutations.js';
import type { PoolNode } from '../../pool-node.js';
import { missing, titled } from './opened.js';
import { atEnd } from './scripted-link.js';
import { cutSubmissions, someCut, type Cut } from './submission-cuts.js';
import { keepMaking, openSubmitter, rowOf, soon, startNode, type Submitter } from './submitting.js';

/** Cuts in all, over so many nodes at a time. */
const CUTS = Number(process.env['ASSAY_SUBMISSION_CUTS'] ?? 200);
const LANES = 6;

interface Lane extends Submitter {
  node: PoolNode;
  proxy: ChainProxy;
}

async function openLane(seed: number): Promise<Lane> {
  const node = await startNode({ name: `lane-${seed}` });
  const proxy = await ChainProxy.start(node.chain.url, { seed });
  atEnd(() => {
    proxy.close();
  });
  const submitter = await openSubmitter([proxy.url], { silenceMs: 300, openMs: 300, callMs: 1000 });
  // The metadata takes a second or more to read, in which this process can't answer itself.
  let isReady = false;
  while (!isReady)
    isReady = await submitter.client.connection(soon()).then(
      () => true,
      () => false,
    );
  keepMaking(node);
  return { node, proxy, ...submitter };
}

/** Sets weights; where that ends with an error of the network, the ticket tells whether they are to be set again. */
async function setAsTheRunDoes({ client }: Lane, value: number, tickets: SubmissionTicket[]): Promise<BlockReference> {
  for (;;) {
    try {
      const keep = async (ticket: SubmissionTicket): Promise<void> => {
        tickets.push(ticket);
        return Promise.resolve();
      };
      return (await client.setWeights(rowOf(value), soon(), keep)).at;
    } catch (error) {
      if (!isAssayError(error) || error.fault !== 'network') throw error;
    }
    const fate = await settled(client, tickets.at(-1));
    if (fate?.status === 'set') return fate.at;
  }
}

/** What has become of a submission, asked for until it is known; undefined where none was sent. */
async function settled(client: ChainClient, ticket: SubmissionTicket | undefined): Promise<SubmissionFate | undefined> {
  while (ticket !== undefined) {
    const fate = await client.weightsFate(ticket, soon()).catch(() => undefined);
    if (fate && fate.status !== 'open') return fate;
    await sleep(100);
  }
  return undefined;
}

/** Weights that are cut on their way land once, in the block that the receipt names. @returns how often they were cut */
async function landOnce(lane: Lane, cut: Cut, value: number): Promise<number> {
  const { node, proxy, client, log } = lane;
  const before = node.included.length;
  const cuts = cutSubmissions(proxy, node, cut);
  const tickets: SubmissionTicket[] = [];
  const shown = (): string => JSON.stringify({ cut, cuts: cuts(), log: log.slice(-12) });
  const at = await setAsTheRunDoes(lane, value, tickets).catch((error: unknown) => {
    throw new Error(shown(), { cause: error });
  });
  await proxy.heal();
  // What was sent late, or to a node that has it still, would land in one of these.
  node.advance(6);
  const landed = node.included.slice(before);
  expect(
    landed.map(({ block, succeeded }) => ({ block, succeeded })),
    shown(),
  ).toEqual([{ block: at.number, succeeded: true }]);
  expect(await client.weightsFate(tickets.at(-1) ?? null, soon())).toEqual({ status: 'set', at });
  return cuts();
}

describe.skipIf(missing !== undefined)(titled('weights whose connection is cut'), () => {
  it(`land once, each of ${CUTS} times`, async () => {
    const lanes: Lane[] = [];
    const cuts: number[] = [];
    while (lanes.length < LANES) lanes.push(await openLane(lanes.length + 1));
    await Promise.all(
      lanes.map(async (lane, index) => {
        const random = seededRandom(1000 + index);
        for (let round = 0; round * LANES + index < CUTS; round += 1)
          cuts.push(await landOnce(lane, someCut(random), round + 1));
      }),
    );
    // A cut of one round that comes late may end the connection of the next one before its own does.
    expect(cuts).toHaveLength(CUTS);
    expect(cuts.filter((times) => times > 0).length).toBeGreaterThan(CUTS / 2);
  }, 900_000);
});
