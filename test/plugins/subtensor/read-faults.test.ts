import { asBlockNumber } from '@assay/core/contracts/brands';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { METHOD_NOT_FOUND, RpcError } from '../../json-rpc-server.js';
import { missing, opened, read, titled, type Wanted } from './opened.js';
import { factsOf, metagraphCall, NETUID, type SubnetScript } from './scripted-subnet.js';

type Instead = NonNullable<Wanted['instead']>;

const SIZE = 12;
/** A key of the map that is asked for, with an account that is none of the subnet's. */
const keyAfter = (prefix: unknown, number: number): string =>
  `${String(prefix)}${number.toString(16).padStart(80, '0')}`;
const keysPaged =
  (page: (prefix: unknown, start: unknown) => unknown): Instead =>
  (method, [prefix, , start]) =>
    method === 'state_getKeysPaged' ? page(prefix, start) : undefined;
const full = (prefix: unknown, from = 0): string[] =>
  Array.from({ length: 1000 }, (_, index) => keyAfter(prefix, from + index + 1));

const PAGES: [name: string, instead: Instead][] = [
  ['the same page for ever', keysPaged((prefix) => full(prefix))],
  ['pages that go back', keysPaged((prefix, start) => full(prefix, start === prefix ? 5000 : 0))],
  ['keys out of order', keysPaged((prefix) => [keyAfter(prefix, 2), keyAfter(prefix, 1)])],
  ['a key twice', keysPaged((prefix) => [keyAfter(prefix, 1), keyAfter(prefix, 1)])],
  ['more keys than were asked for', keysPaged((prefix) => [...full(prefix), keyAfter(prefix, 9999)])],
  ['pages without end', keysPaged((prefix, start) => full(prefix, Number.parseInt(String(start).slice(-12), 16) || 0))],
  ['keys of another map', keysPaged(() => [`0x${'ab'.repeat(72)}`])],
  ['the beginning of the keys itself', keysPaged((prefix) => [prefix])],
  ['keys that are too short', keysPaged((prefix) => [`${String(prefix)}01`])],
  ['keys whose hash is not theirs', keysPaged((prefix) => [keyAfter(prefix, 1)])],
  ['keys that are no hex', keysPaged((prefix) => [`${String(prefix)}xy`])],
  ['half a byte', keysPaged((prefix) => [`${String(prefix)}1`])],
  ['numbers for keys', keysPaged(() => [1, 2])],
  ['nothing for keys', keysPaged(() => null)],
  ['an object for keys', keysPaged(() => ({ length: 1 }))],
];

const queried =
  (answer: (keys: readonly string[]) => unknown): Instead =>
  (method, [keys]) =>
    method === 'state_queryStorageAt' && Array.isArray(keys) ? answer(keys.map(String)) : undefined;
const changes = (list: unknown): unknown => [{ block: `0x${'00'.repeat(32)}`, changes: list }];

const VALUES: [name: string, instead: Instead][] = [
  ['no values', queried(() => [])],
  ['nothing', queried(() => null)],
  ['fewer values', queried((keys) => changes(keys.slice(1).map((key) => [key, null])))],
  ['another key', queried((keys) => changes(keys.map((key, index) => [index === 0 ? `${key}00` : key, null])))],
  ['a key too many', queried((keys) => changes([...keys, '0xab'].map((key) => [key, null])))],
  ['values that are no hex', queried((keys) => changes(keys.map((key) => [key, 'text'])))],
  ['numbers for values', queried((keys) => changes(keys.map((key) => [key, -1])))],
  ['half a byte', queried((keys) => changes(keys.map((key) => [key, '0x1'])))],
  ['empty values', queried((keys) => changes(keys.map((key) => [key, '0x'])))],
  ['values of another type', queried((keys) => changes(keys.map((key) => [key, `0x${'ff'.repeat(40)}`])))],
  ['pairs of three', queried((keys) => changes(keys.map((key) => [key, null, null])))],
  ['no changes', queried(() => [{ block: '0x' }])],
];

const called =
  (answer: unknown): Instead =>
  (method, [name]) =>
    method === 'state_call' && String(name).startsWith('SubnetInfo') ? answer : undefined;
const CALLS: [name: string, instead: Instead][] = [
  ['a number', called(7)],
  ['a null', called(null)],
  ['a text', called('metagraph')],
  ['half a byte', called('0x1')],
  ['no bytes', called('0x')],
  ['a few bytes', called('0x01020304')],
  ['a list that is said to be huge', called(`0x0104${'00'.repeat(60)}01feffffff`)],
];

const column = (item: string, args: readonly unknown[], value: unknown) => (subnet: SubnetScript) => {
  subnet.set(item, args, value);
};
const COLUMNS: [name: string, change: (subnet: SubnetScript) => void][] = [
  ['too few permits', column('ValidatorPermit', [NETUID], [true])],
  ['too many last updates', column('LastUpdate', [NETUID], Array(SIZE + 1).fill(1))],
  ['no incentives', column('Incentive', [NETUID], [])],
  ['too few dividends', column('Dividends', [NETUID], Array(SIZE - 1).fill(1))],
  ['too few values of validator trust', column('ValidatorTrust', [NETUID], [1, 2])],
];

async function expectMalformed(work: Promise<unknown>): Promise<void> {
  const { code, fault, retry, message } = await errorOf(work);
  expect({ code, fault, retry }).toEqual({ code: 'ANSWER_MALFORMED', fault: 'network', retry: 'backoff' });
  expect(message).toMatch(/^The answer to \S.+ can't be used: .+\.$/);
}

describe.skipIf(missing !== undefined)(titled('a node with answers that cannot be used'), () => {
  it.each(PAGES)('lists %s', async (_name, instead) => {
    await expectMalformed(read(await opened({ size: SIZE, callable: true, instead })));
  });

  it.each(VALUES)('gives %s', async (_name, instead) => {
    await expectMalformed(read(await opened({ size: SIZE, callable: true, instead })));
  });

  it.each([['text'], [-1], ['0x1'], ['0x'], [`0x${'ff'.repeat(40)}`], [[]]])('gives %j for a value', async (value) => {
    const instead: Instead = (method) => {
      if (method === 'state_queryStorageAt') throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
      return method === 'state_getStorage' ? value : undefined;
    };
    await expectMalformed(read(await opened({ size: SIZE, callable: true, instead })));
  });

  it('loses the connection with the third', async () => {
    const subnet = await opened({ size: SIZE, callable: true, instead: queried(() => null) });
    const connections = (): number => subnet.chain.asked.get('chain_subscribeNewHeads') ?? 0;
    for (let snapshot = 0; snapshot < 2; snapshot += 1) await expectMalformed(read(subnet));
    expect(connections()).toBe(1);
    await expectMalformed(read(subnet));
    await subnet.client.head(AbortSignal.timeout(30_000));
    expect(connections()).toBe(2);
  });

  it.each(CALLS)('answers a runtime call with %s', async (_name, instead) => {
    await expectMalformed(read(await opened({ size: SIZE, instead })));
  });

  it.each(COLUMNS)('has %s', async (_name, change) => {
    const subnet = await opened({ size: SIZE });
    change(subnet);
    await expectMalformed(read(subnet));
  });

  it('answers the metagraph of another size', async () => {
    const subnet = await opened({ size: SIZE, callable: true });
    subnet.set('SubnetworkN', [NETUID], SIZE + 1);
    subnet.set('ValidatorTrust', [NETUID], []);
    await expectMalformed(read(subnet));
  });

  it('lists a key for which it then has no value', async () => {
    const subnet = await opened({ size: SIZE, callable: true, instead: queried((keys) => gone(keys)) });
    const gone = (keys: readonly string[]): unknown => {
      const prefix = subnet.runtime.storageKey('Commitments', 'CommitmentOf', [NETUID]);
      return keys[0]?.startsWith(prefix) === true ? changes(keys.map((key) => [key, null])) : undefined;
    };
    await expectMalformed(read(subnet));
  });

  it('gives an answer that lacks a part, for which single maps are read', async () => {
    const subnet = await opened({ size: SIZE, callable: true });
    const { neurons } = await read(subnet);
    const none = subnet.runtime.encodeAnswer('SubnetInfoRuntimeApi', 'get_selective_mechagraph', { netuid: NETUID });
    subnet.chain.calls.set(metagraphCall(subnet.runtime, 0), none);
    expect((await read(subnet)).neurons).toEqual(neurons);
  });
});

describe.skipIf(missing !== undefined)(titled('numbers at the edge of their types'), () => {
  const MOST = 2n ** 64n - 1n;

  it('reads the largest numbers, cut where they are counted with', async () => {
    const subnet = await opened({ size: SIZE });
    const { hotkey } = factsOf(3);
    subnet.set('WeightsSetRateLimit', [NETUID], MOST);
    subnet.set('WeightsVersionKey', [NETUID], MOST);
    subnet.set('StakeThreshold', [], MOST);
    subnet.set('TotalHotkeyAlpha', [hotkey, NETUID], MOST);
    subnet.set('TotalHotkeyAlpha', [hotkey, 0], 0);
    subnet.set('BlockAtRegistration', [NETUID, 3], MOST);
    subnet.set('Tempo', [NETUID], 65_535);
    const { parameters, neurons, nextEpoch } = await read(subnet);
    expect(parameters).toMatchObject({
      weightsRateLimit: Number.MAX_SAFE_INTEGER,
      weightsVersionKey: MOST,
      stakeThreshold: MOST,
      tempo: 65_535,
    });
    expect(neurons[3]).toMatchObject({ stake: MOST, registeredAt: Number.MAX_SAFE_INTEGER });
    expect(nextEpoch).toBeGreaterThan(0);
  });

  it('reads hyperparameters that only newer rules have', async () => {
    const subnet = await opened({ size: SIZE, spec: 424 });
    subnet.set('Tempo', [NETUID], 360);
    subnet.set('ActivityCutoffFactorMilli', [NETUID], 13_889);
    subnet.set('LastEpochBlock', [NETUID], 1);
    const { parameters, nextEpoch } = await read(subnet);
    expect(parameters).toMatchObject({ tempo: 360, activityCutoff: 5000, consensus: 'yuma' });
    expect(nextEpoch).toBe(asBlockNumber(361));
    subnet.set('PendingEpochAt', [NETUID], 20);
    expect((await read(subnet)).nextEpoch).toBe(asBlockNumber(20));
  });

  it('refuses a subnet that is not there, and a mechanism', async () => {
    const subnet = await opened({ size: SIZE });
    subnet.set('MechanismCountCurrent', [NETUID], 0);
    expect(await errorOf(read(subnet))).toMatchObject({ code: 'MECHANISM_UNKNOWN', fault: 'config' });
    subnet.set('NetworksAdded', [NETUID], false);
    expect(await errorOf(read(subnet))).toMatchObject({ code: 'SUBNET_UNKNOWN', fault: 'config' });
  });
});
