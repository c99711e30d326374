import { isDeepStrictEqual } from 'node:util';
import { asBlockNumber } from '../../contracts/brands.js';
import type { ChainClient, Commitment } from '../../contracts/chain-client.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand, reasonOf, skip } from '../checks.js';
import { isSs58 } from '../ss58.js';
import { keepNothing, stateOf } from './weights.js';
import { refused, shown, type ChainCheck, type ChainSubject } from './world.js';

const FAULTS_AFTER_CLOSE = ['chain', 'network', 'config', 'validator'];
const SIGNATURE_BYTES = 64;

/** Calls that read, by name. */
const reading = (client: ChainClient, signal: AbortSignal): Record<string, () => Promise<unknown>> => ({
  head: () => client.head(signal),
  blockHash: () => client.blockHash(asBlockNumber(0), signal),
  snapshot: () => client.snapshot(signal),
});

const writing = (client: ChainClient, signal: AbortSignal): Record<string, () => Promise<unknown>> => ({
  setWeights: () => client.setWeights({ uids: [], hotkeys: [], weights: [], versionKey: 0n }, signal, keepNothing),
  commit: () => client.commit('not to be seen', signal),
});

/** The code of an error, or what it is where it has none. */
const codeOf = (error: unknown): string => (isAssayError(error) ? error.code : reasonOf(error));

/** What a client's hotkey has on chain. */
async function own(client: ChainClient, signal: AbortSignal): Promise<Commitment | undefined> {
  const { hotkey } = await client.identity();
  return (await client.snapshot(signal)).commitments.find((commitment) => commitment.hotkey === hotkey);
}

const abortedBefore: ChainCheck = async (subject) =>
  subject.with({ as: 'miner' }, async (client) => {
    const before = await stateOf(client, subject.signal);
    const aborted = AbortSignal.abort();
    for (const [name, call] of Object.entries({ ...reading(client, aborted), ...writing(client, aborted) })) {
      const outcome = await call().then(() => 'an answer', codeOf);
      demand(outcome === 'ABORTED', `${name} with an aborted signal ended in ${outcome}, and not in ABORTED`);
    }
    demand(before === (await stateOf(client, subject.signal)), 'a call with an aborted signal has changed something');
  });

const abortedDuring: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    for (const name of Object.keys(reading(client, signal))) {
      const controller = new AbortController();
      const call = reading(client, controller.signal)[name]?.();
      controller.abort();
      const outcome = await Promise.resolve(call).then(() => 'ABORTED', codeOf);
      demand(
        outcome === 'ABORTED',
        `${name} whose signal is aborted meanwhile ended in ${outcome}, and not in ABORTED`,
      );
    }
    await client.head(signal);
  });

const signs: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const identity = await client.identity();
    const { hotkey } = identity;
    demand(isSs58(hotkey), `the own hotkey ${hotkey} is no ss58 address of format 42`);
    if (!identity.sign) skip('only the address of the key is known');
    const signature = await identity.sign(Buffer.from('message'));
    demand(signature.length === SIGNATURE_BYTES, `a signature has ${signature.length} bytes, and not 64`);
  });

const onlyReads: ChainCheck = async (subject) =>
  subject.with({ mode: 'read' }, async (client) => {
    const { signal } = subject;
    const identity = await client.identity();
    demand(identity.sign === undefined, 'a client that only reads has a key to sign with');
    const before = await client.snapshot(signal);
    const { weightsVersionKey: versionKey } = before.parameters;
    const first = before.neurons.slice(0, 1);
    const target = { uids: first.map(({ uid }) => uid), hotkeys: first.map(({ hotkey }) => hotkey) };
    await refused('setting weights by a client that only reads', () =>
      client.setWeights({ ...target, weights: [1], versionKey }, signal, keepNothing),
    );
    await refused('a commitment by a client that only reads', () => client.commit('read', signal));
    const after = await client.snapshot(signal);
    const same = [after.weights, after.commitments, after.neurons];
    demand(
      isDeepStrictEqual(same, [before.weights, before.commitments, before.neurons]),
      'a client that only reads has changed something',
    );
  });

const commitsAsLong: ChainCheck = async (subject) =>
  subject.with({ as: 'miner' }, async (client) => {
    const { signal } = subject;
    const { maxCommitmentBytes: most } = client;
    demand(Number.isInteger(most) && most > 0, `maxCommitmentBytes is ${most}`);
    const longest = `é${'x'.repeat(most - 2)}`;
    await client.commit(longest, signal);
    demand((await own(client, signal))?.data === longest, `a commitment of ${most} bytes does not read back as it is`);
    const code = await refused(`a commitment of ${most + 1} bytes`, () => client.commit(`${longest}.`, signal));
    demand(code === 'COMMITMENT_TOO_LONG', `a commitment of ${most + 1} bytes was refused with ${code}`);
    demand((await own(client, signal))?.data === longest, 'a refused commitment has changed the one before it');
  });

const movesTheBlock: ChainCheck = async (subject) =>
  subject.with({ as: 'miner' }, async (client) => {
    const { signal } = subject;
    const first = await client.commit('the same', signal);
    demand((await own(client, signal))?.block === first.at.number, 'a receipt names another block than the snapshot');
    if (subject.has('makeBlocks')) await subject.needs('makeBlocks')(1);
    const second = await client.commit('the same', signal);
    const found = await own(client, signal);
    demand(
      second.at.number > first.at.number && found?.block === second.at.number,
      `the same text, committed again at ${second.at.number}, has block ${shown(found?.block)}`,
    );
    demand(
      second.at.hash === (await client.blockHash(second.at.number, signal)),
      'a receipt names a block with another hash',
    );
  });

const refusesStrangers: ChainCheck = async (subject) =>
  subject.with({ as: 'stranger' }, async (client) => {
    const code = await refused('a commitment of a hotkey that is not registered', () =>
      client.commit('of a stranger', subject.signal),
    );
    demand(code === 'AccountNotAllowedCommit', `it was refused with ${code}, and not AccountNotAllowedCommit`);
  });

const ENDPOINT_SECRET = /\/\/[^/]*@/;

const saysHowConnected: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    if (!client.connection) skip('the client has no connection');
    const { endpoints, genesis, blockTimeMs, sinceHeadMs } = await client.connection(subject.signal);
    demand(
      endpoints.some(({ inUse }) => inUse),
      'no endpoint is in use',
    );
    demand(!endpoints.some(({ endpoint }) => ENDPOINT_SECRET.test(endpoint)), 'an endpoint is named with credentials');
    demand(/^0x[0-9a-f]{64}$/.test(genesis), `the genesis is ${genesis}`);
    demand(blockTimeMs > 0 && sinceHeadMs >= 0, `a block takes ${blockTimeMs} ms, the head is ${sinceHeadMs} ms old`);
  });

const closesTwice: ChainCheck = async (subject: ChainSubject) => {
  if (!subject.isFactory) skip('a single client was given, which the author closes');
  await subject.with({}, async (client) => {
    const { signal } = subject;
    await client.close();
    await client.close();
    for (const [name, call] of Object.entries({ ...reading(client, signal), ...writing(client, signal) }))
      await refused(`${name} of a closed client`, call, FAULTS_AFTER_CLOSE);
  });
};

export const CALL_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'obeys a signal that is aborted before the call': abortedBefore,
  'obeys a signal that is aborted during the call': abortedDuring,
  'names its hotkey, and signs with it': signs,
  'changes nothing and signs nothing where it only reads': onlyReads,
  'commits as many bytes as it says, and refuses one more': commitsAsLong,
  'moves the block of a text that is committed again': movesTheBlock,
  'refuses a commitment of a hotkey that is not registered': refusesStrangers,
  'says how it is connected, without credentials': saysHowConnected,
  'closes twice, and answers nothing afterwards': closesTwice,
};
