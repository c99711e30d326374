import { asUid } from '@assay/core/contracts/brands';
import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import { encodeAddress } from '@polkadot/util-crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { METHOD_NOT_FOUND, RpcError } from '../../json-rpc-server.js';
import { missing, opened, read, recordings, titled } from './opened.js';
import { factsOf, metagraphCall, rowOf, stakeOf, textOf } from './scripted-subnet.js';

/** What the list of neurons and the metagraph both tell. */
const liteNeuron = z.object({
  uid: z.number(),
  hotkey: z.string(),
  coldkey: z.string(),
  lastUpdate: z.number(),
  validatorPermit: z.boolean(),
  incentive: z.number(),
  dividends: z.number(),
});

const ss58 = (account: string): string => encodeAddress(account, 42);

function expectWhole(snapshot: ChainSnapshot, size: number): void {
  const facts = Array.from({ length: size }, (_, uid) => factsOf(uid));
  expect(snapshot.neurons).toEqual(
    facts.map((fact) => ({
      uid: fact.uid,
      hotkey: ss58(fact.hotkey),
      coldkey: ss58(fact.coldkey),
      stake: stakeOf(fact),
      validatorPermit: fact.validatorPermit,
      lastUpdate: fact.lastUpdate,
      registeredAt: fact.registeredAt,
      incentive: fact.incentive / 65_535,
      dividends: fact.dividends / 65_535,
      validatorTrust: fact.validatorTrust / 65_535,
    })),
  );
  const validators = facts.filter(({ validatorPermit }) => validatorPermit).map(({ uid }) => uid);
  expect([...snapshot.weights.keys()]).toEqual(validators);
  for (const uid of validators) expect(snapshot.weights.get(asUid(uid))).toEqual(rowOf(uid, size));
  const commitments = new Map<string, unknown>(
    snapshot.commitments.map(({ hotkey, data, block }) => [hotkey, [data, block]]),
  );
  expect(commitments.size).toBe(size);
  for (const { uid, hotkey } of facts) expect(commitments.get(ss58(hotkey))).toEqual([textOf(uid), 3_000_000 + uid]);
  expect(snapshot.unreadable).toEqual([]);
}

describe.skipIf(missing !== undefined)(titled('a subnet of any size'), () => {
  it.each([0, 1, 256, 1000, 1024, 2500])('reads %i uids by the runtime and by single maps alike', async (size) => {
    const subnet = await opened({ size, callable: true });
    const snapshot = await read(subnet);
    expectWhole(snapshot, size);
    expect(subnet.asked).toContain('SubnetInfoRuntimeApi_get_selective_mechagraph');
    const pages = subnet.asked.filter((name) => name === 'state_getKeysPaged').length;
    expect(pages).toBe(Math.floor(size / 1000) + 3);
    const hidden = ['get_selective_mechagraph', 'get_selective_metagraph', 'get_mechagraph', 'get_metagraph'];
    expect(await subnet.without(hidden, snapshot.at)).toEqual(snapshot);
  });

  it.each([
    [343, 0],
    [343, 1],
    [424, 0],
    [424, 1],
  ] as const)('reads all of it by the types of spec %i, mechanism %i', async (spec, mechanism) => {
    const subnet = await opened({ size: 90, spec, mechanism, callable: true });
    const snapshot = await read(subnet);
    expectWhole(snapshot, 90);
    expect(snapshot).toMatchObject({ mechanism, parameters: { consensus: 'yuma' } });
    const hidden = ['get_selective_mechagraph', 'get_selective_metagraph', 'get_mechagraph', 'get_metagraph'];
    expect(await subnet.without(hidden, snapshot.at)).toEqual(snapshot);
  });

  it('reads single maps where the runtime function fails, or the node serves no call of it', async () => {
    const failing = await opened({ size: 20 });
    expectWhole(await read(failing), 20);
    const refusing = await opened({
      size: 20,
      callable: true,
      instead: (method, [name]) => {
        if (method !== 'state_call' || String(name).startsWith('Metadata')) return undefined;
        throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
      },
    });
    expectWhole(await read(refusing), 20);
  });

  it('asks for one value after the other where the node does not serve many at once', async () => {
    const subnet = await opened({
      size: 60,
      callable: true,
      instead: (method) => {
        if (method === 'state_queryStorageAt') throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
        return undefined;
      },
    });
    expectWhole(await read(subnet), 60);
    expect(subnet.chain.asked.get('state_getStorage')).toBeGreaterThan(60);
  });

  it('reads what Finney has answered for its 1,024 uids', async () => {
    if (typeof recordings === 'string') throw new Error(recordings);
    const subnet = await opened({ size: 1024 });
    const { runtime, chain } = subnet;
    const { calls } = recordings;
    const recorded = (method: string): string => [...calls].find(([call]) => call.includes(`_${method}:`))?.[1] ?? '';
    const answers = { selective: recorded('get_selective_mechagraph'), lite: recorded('get_neurons_lite') };
    chain.calls.set(metagraphCall(runtime, 0), answers.selective);
    const { neurons } = await read(subnet);
    const lite = runtime.decodeAnswer('NeuronInfoRuntimeApi', 'get_neurons_lite', answers.lite).toJSON();
    expect(
      neurons.map(({ uid, hotkey, coldkey, lastUpdate, validatorPermit, incentive, dividends }) => ({
        uid,
        hotkey,
        coldkey,
        lastUpdate,
        validatorPermit,
        incentive: Math.round(incentive * 65_535),
        dividends: Math.round(dividends * 65_535),
      })),
    ).toEqual(z.array(liteNeuron).parse(lite));
  });
});
