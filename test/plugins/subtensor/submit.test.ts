import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SubmissionTicket } from '@assay/core/contracts/chain-client';
import { errorOf } from '../../error-of.js';
import { RpcError } from '../../json-rpc-server.js';
import type { Outcome } from '../../pool-node.js';
import { missing, recordings, titled } from './opened.js';
import { never, until } from './scripted-link.js';
import { keeper, keepMaking, openSubmitter, rowOf, soon, startNode } from './submitting.js';

const hashOf = (ticket: SubmissionTicket | undefined): unknown =>
  typeof ticket === 'object' && ticket !== null && 'hash' in ticket ? ticket.hash : undefined;

/** Where blocks come when the test makes them. */
const BY_HAND = { blockTimeMs: 1000 };

describe.skipIf(missing !== undefined)(titled('weights'), () => {
  it('land in a final block, once', async () => {
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    const { keep, tickets } = keeper();
    const receipt = await client.setWeights(rowOf(1), soon(), keep);
    const { number, hash } = receipt.at;
    expect(node.included).toMatchObject([{ call: 'subtensorModule.setWeights', block: number, succeeded: true }]);
    expect(receipt).toEqual({ at: { number, hash: node.chain.blocks.hash(number) }, mode: 'set' });
    expect(tickets).toMatchObject([{ format: 1, hash: node.included[0]?.hash, nonce: 0, hotkey, netuid: 1 }]);
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toEqual({ status: 'set', at: { number, hash } });
  });

  it('are not told as landed before their block is final', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url], BY_HAND);
    const { keep, tickets } = keeper();
    let settled = false;
    const setting = client.setWeights(rowOf(1), soon(), keep).finally(() => {
      settled = true;
    });
    await until(() => node.pool.size === 1);
    node.advance(2);
    await sleep(300);
    expect(settled).toBe(false);
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toMatchObject({ status: 'open' });
    node.advance();
    await setting;
  });

  it('of a mechanism are set by its call', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url], { mechanism: 1 });
    keepMaking(node);
    await client.setWeights(rowOf(1), soon(), keeper().keep);
    expect(node.included.map(({ call }) => call)).toEqual(['subtensorModule.setMechanismWeights']);
  });

  it('are not sent when their ticket can not be kept', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url], BY_HAND);
    const full = new Error('the disk is full');
    await expect(client.setWeights(rowOf(1), soon(), () => Promise.reject(full))).rejects.toBe(full);
    expect([node.pool.size, node.chain.asked.get('author_submitExtrinsic')]).toEqual([0, undefined]);
  });

  it('stop at their signal, and leave a ticket', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url], BY_HAND);
    const { keep, tickets } = keeper();
    const stop = new AbortController();
    const setting = errorOf(client.setWeights(rowOf(1), stop.signal, keep));
    await until(() => node.pool.size === 1);
    stop.abort();
    expect((await setting).code).toBe('ABORTED');
    node.advance(4);
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toMatchObject({ status: 'set' });
  });
});

/** What a pool says, and the code that comes of it: in the words of real nodes, and as chopsticks writes them. */
const POOL_REFUSALS: readonly (readonly [code: number, message: string, data: string | undefined, error: string])[] = [
  [1010, 'Invalid Transaction', 'Custom error: 1', 'NotEnoughStakeToSetWeights'],
  [-32603, '1010: {"invalid":{"custom":1}}', undefined, 'NotEnoughStakeToSetWeights'],
  [-32603, '{"invalid":{"custom":1}}', undefined, 'NotEnoughStakeToSetWeights'],
  [1010, 'Invalid Transaction', 'Custom error: 0', 'ColdkeySwapAnnounced'],
  [1010, 'Invalid Transaction', 'Custom error: 6', 'SettingWeightsTooFast'],
  [1010, 'Invalid Transaction', 'Custom error: 10', 'HotKeyNotRegisteredInNetwork'],
  [1010, 'Invalid Transaction', 'Custom error: 15', 'InvalidRevealRound'],
  [1010, 'Invalid Transaction', 'Custom error: 16', 'NoWeightsCommitFound'],
  [1010, 'Invalid Transaction', 'Custom error: 17', 'RevealTooEarly'],
  [1010, 'Invalid Transaction', 'Custom error: 19', 'HotKeyNotRegisteredInSubNet'],
  [1010, 'Invalid Transaction', 'Custom error: 255', 'BadRequest'],
  [1010, 'Invalid Transaction', 'Custom error: 77', 'Custom77'],
  [1010, 'Invalid Transaction', 'Inability to pay some fees (e.g. account balance too low)', 'Payment'],
  [1010, 'Invalid Transaction', 'Transaction call is not expected', 'CallFiltered'],
  [-32603, '1010: {"invalid":{"call":null}}', undefined, 'CallFiltered'],
  [1010, 'Invalid Transaction', 'Transaction would exhaust the resources', 'ExhaustsResources'],
  [1010, 'Invalid Transaction', 'A reason of later years', 'InvalidTransaction'],
  [1012, 'Transaction is temporarily banned', undefined, 'TemporarilyBanned'],
  [1016, 'Immediately Dropped', "The transaction couldn't enter the pool because of the limit", 'PoolFull'],
];

/** Dispatch errors, and the code that comes of them. */
const DISPATCH_ERRORS: readonly (readonly [outcome: NonNullable<Outcome>, code: string])[] = [
  ...[
    'HotKeyNotRegisteredInSubNet',
    'NeuronNoValidatorPermit',
    'SettingWeightsTooFast',
    'DuplicateUids',
    'UidVecContainInvalidOne',
    'WeightVecLengthIsLow',
    'WeightVecNotEqualSize',
    'UidsLengthExceedUidsInSubNet',
    'IncorrectWeightVersionKey',
    'CommitRevealEnabled',
    'MaxWeightExceeded',
    'MechanismDoesNotExist',
    'InsufficientLiquidity',
  ].map((error) => [{ module: 'SubtensorModule', error }, error] as const),
  [{ BadOrigin: null }, 'BadOrigin'],
  [{ Token: 'FundsUnavailable' }, 'Token'],
  [{ Exhausted: null }, 'Exhausted'],
  [{ Other: null }, 'Other'],
  [{ module: 'System', error: 'CallFiltered' }, 'CallFiltered'],
  [{ Module: { index: 7, error: Uint8Array.of(250, 0, 0, 0) } }, 'Module7Error250'],
];

describe.skipIf(missing !== undefined)(titled('a refusal'), () => {
  it('by the pool has the chain’s own name, and changes nothing', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url], BY_HAND);
    for (const [code, message, data, expected] of POOL_REFUSALS) {
      node.refuse = () => ({ code, message, ...(data !== undefined && { data }) });
      const error = await errorOf(client.setWeights(rowOf(1), soon(), keeper().keep));
      expect(error, `${message} ${data ?? ''}`).toMatchObject({ code: expected, fault: 'chain' });
      expect(error.hint).toMatch(/^[A-Z][a-z]+\b/);
    }
    node.advance(4);
    expect([node.included.length, node.pool.size]).toEqual([0, 0]);
  });

  it('in a block has the chain’s own name, and is found again by the ticket', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url]);
    keepMaking(node, 40);
    for (const [outcome, code] of DISPATCH_ERRORS) {
      node.dispatch = () => outcome;
      const { keep, tickets } = keeper();
      const error = await errorOf(client.setWeights(rowOf(1), soon(), keep));
      expect(error, JSON.stringify(outcome)).toMatchObject({ code, fault: 'chain' });
      expect(error.message).toContain('SubtensorModule.set_weights');
      expect(error.hint).toMatch(/^[A-Z][a-z]+\b/);
      const fate = await client.weightsFate(tickets[0] ?? null, soon());
      expect(fate).toMatchObject({ status: 'refused', error: { code }, at: { number: error.payload['block'] } });
    }
    expect(node.included).toHaveLength(DISPATCH_ERRORS.length);
  });

  it('for a runtime upgrade in between leads to another extrinsic, signed by the new rules', async () => {
    if (typeof recordings === 'string') return;
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url]);
    const { keep, tickets } = keeper();
    let upgraded = false;
    keepMaking(node);
    const receipt = await client.setWeights(rowOf(1), soon(), async (ticket) => {
      await keep(ticket);
      if (upgraded || typeof recordings === 'string') return;
      upgraded = true;
      await node.upgrade(425, recordings.metadata424);
    });
    expect(tickets).toHaveLength(2);
    expect(node.included).toMatchObject([{ hash: hashOf(tickets[1]), block: receipt.at.number }]);
  });

  it.each<[name: string, code: number, message: string, data: string]>([
    ['a used nonce', 1010, 'Invalid Transaction', 'Transaction is outdated'],
    ['a used nonce, as chopsticks writes it', -32603, '1010: {"invalid":{"stale":null}}', ''],
    ['a nonce that waits', 1014, 'Priority is too low: (9 vs 9)', 'The transaction has too low priority'],
    ['a signature that does not fit', 1010, 'Invalid Transaction', 'Transaction has a bad signature'],
    ['a birth block that is not known', 1010, 'Invalid Transaction', 'Transaction has an ancient birth block'],
  ])('for %s leads to another extrinsic', async (_name, code, message, data) => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    let refused = 0;
    node.refuse = () => ((refused += 1) <= 2 ? { code, message, data } : undefined);
    const { keep, tickets } = keeper();
    await client.setWeights(rowOf(1), soon(), keep);
    expect(tickets).toHaveLength(3);
    expect(node.included.map(({ hash }) => hash)).toEqual([hashOf(tickets[2])]);
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toEqual({ status: 'lost' });
  });

  it('that repeats ends in a coded error', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url], BY_HAND);
    node.refuse = () => ({ code: 1014, message: 'Priority is too low: (9 vs 9)' });
    const error = await errorOf(client.setWeights(rowOf(1), soon(), keeper().keep));
    expect(error).toMatchObject({ code: 'SUBMISSION_LOST', fault: 'network', payload: { tries: 4 } });
  });

  it('of the method by the node is told at once', async () => {
    const node = await startNode({
      instead: (method) => {
        if (method === 'author_submitExtrinsic') throw new RpcError(-32_601, 'RPC call is unsafe');
        return undefined;
      },
    });
    const { client } = await openSubmitter([node.chain.url]);
    const error = await errorOf(client.setWeights(rowOf(1), soon(), keeper().keep));
    expect(error).toMatchObject({ code: 'CALL_REFUSED', fault: 'network' });
  });
});

describe.skipIf(missing !== undefined)(titled('an extrinsic that no block takes'), () => {
  it('is lost when its era is over, and made again with a new ticket', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    node.includes = false;
    const { keep, tickets } = keeper();
    const receipt = await client.setWeights(rowOf(1), soon(), async (ticket) => {
      node.includes = tickets.length > 0;
      await keep(ticket);
    });
    expect(tickets).toHaveLength(2);
    expect(node.included).toMatchObject([{ hash: hashOf(tickets[1]), block: receipt.at.number }]);
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toEqual({ status: 'lost' });
  });

  it('is lost as soon as another has used its nonce', async () => {
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url]);
    const { keep, tickets } = keeper();
    const setting = client.setWeights(rowOf(1), soon(), keep);
    await until(() => node.pool.size === 1);
    node.forget();
    node.advance();
    node.useNonce(hotkey);
    keepMaking(node);
    await setting;
    expect(tickets.length).toBe(2);
    expect(node.included.map(({ hash }) => hash)).toEqual([hashOf(tickets[1])]);
  });
});

describe.skipIf(missing !== undefined)(titled('a ticket'), () => {
  it('of another client is refused, and one that is none', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    const { keep, tickets } = keeper();
    await client.setWeights(rowOf(1), soon(), keep);
    const ticket = z.record(z.string(), z.json()).parse(tickets[0]);
    const cases: [Record<string, SubmissionTicket>, string][] = [
      [{ genesis: `0x${'11'.repeat(32)}` }, 'TICKET_FOREIGN'],
      [{ hotkey: '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM' }, 'TICKET_FOREIGN'],
      [{ netuid: 2 }, 'TICKET_FOREIGN'],
      [{ mechanism: 1 }, 'TICKET_FOREIGN'],
      [{ format: 2 }, 'TICKET_UNREADABLE'],
      [{ hash: '0x00' }, 'TICKET_UNREADABLE'],
      [{ nonce: -1 }, 'TICKET_UNREADABLE'],
      [{ death: 0 }, 'TICKET_UNREADABLE'],
      [{ death: 0xffff_ffff }, 'TICKET_UNREADABLE'],
      [{ more: 1 }, 'TICKET_UNREADABLE'],
    ];
    for (const [change, code] of cases) {
      const changed: SubmissionTicket = { ...ticket, ...change };
      const error = await errorOf(client.weightsFate(changed, soon()));
      expect(error, JSON.stringify(change)).toMatchObject({ code, fault: 'config' });
    }
    for (const none of [null, 7, 'x', [], {}])
      expect((await errorOf(client.weightsFate(none, soon()))).code).toBe('TICKET_UNREADABLE');
  });

  it('is followed by the last weights where the node has discarded what tells', async () => {
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url]);
    const { keep, tickets } = keeper();
    const stop = keepMaking(node);
    const { at } = await client.setWeights(rowOf(1), soon(), keep);
    stop();
    const ticket = tickets[0] ?? null;
    node.put('SubtensorModule', 'Uids', [1, hotkey], 3);
    const fateWith = async (lastUpdate: number): Promise<unknown> => {
      node.put('SubtensorModule', 'LastUpdate', [1], [0, 0, 0, lastUpdate]);
      node.advance(4);
      const { client: later } = await openSubmitter([node.chain.url], { path: walletOf });
      return await later.weightsFate(ticket, never());
    };
    const walletOf = (await openSubmitter([node.chain.url])).path;
    node.chain.statesKept = 12;
    node.advance(20);
    const set = { status: 'set', at };
    expect(await fateWith(at.number), 'the events are gone, the weights are of its block').toEqual(set);
    expect(await fateWith(at.number + 9), 'the events are gone, later weights were set').toEqual(set);
    expect(await fateWith(at.number - 9), 'the events are gone, the weights are older').toMatchObject({
      status: 'refused',
      error: { code: 'REFUSAL_FORGOTTEN' },
    });
    for (let block = 100; block <= at.number + 40; block += 1) node.discardBody(block);
    node.advance(300);
    expect(await fateWith(at.number), 'the bodies are gone, the weights are of its era').toEqual(set);
    expect(await fateWith(at.number - 40), 'the bodies are gone, the weights are older').toEqual({ status: 'lost' });
  });
});
