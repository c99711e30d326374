import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { asHotkey, asUid } from '@assay/core/contracts/brands';
import type {
  ChainClient,
  SubmissionFate,
  SubmissionTicket,
  WeightsSubmission,
} from '@assay/core/contracts/chain-client';
import { LocalChainClient, LocalNetwork } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { GENESIS, HandClock, newFile } from './networks.js';

const { signal } = new AbortController();
const coded = (code: string): unknown => expect.objectContaining({ code });

/** A network with a validator's client, and tickets as they were kept. */
async function newSetting(change: object = {}): Promise<Setting> {
  const file = newFile();
  const hyperparameters = { ...GENESIS.hyperparameters, ...change };
  const network = await LocalNetwork.create(file, { ...GENESIS, blockTime: 0, hyperparameters });
  const tickets: SubmissionTicket[] = [];
  const chain = await clientOf(file);
  return {
    file,
    network,
    chain,
    tickets,
    keep: async (ticket) => {
      tickets.push(ticket);
    },
    /** What a client of its own says. */
    fate: async () => {
      const other = await clientOf(file, 'read');
      try {
        return await other.weightsFate(tickets.at(-1) ?? null, signal);
      } finally {
        await other.close();
      }
    },
    close: async () => {
      await chain.close();
      network.close();
    },
  };
}

interface Setting {
  file: string;
  network: LocalNetwork;
  chain: ChainClient;
  tickets: SubmissionTicket[];
  keep: (ticket: SubmissionTicket) => Promise<void>;
  fate: () => Promise<SubmissionFate>;
  close: () => Promise<void>;
}

async function clientOf(file: string, mode: 'validate' | 'read' = 'validate'): Promise<ChainClient> {
  const network = LocalNetwork.open(file, mode === 'read' ? 'read' : 'write');
  return LocalChainClient.init(
    { netuid: 9, blockTime: 0, hotkey: 'validator', mode },
    { network, clock: new HandClock() },
  );
}

const weightsFor = (network: LocalNetwork, uids: readonly number[] = [2, 3]): WeightsSubmission => {
  const targets = network.snapshot().neurons.filter(({ uid }) => uids.includes(uid));
  return {
    uids: targets.map(({ uid }) => uid),
    hotkeys: targets.map(({ hotkey }) => hotkey),
    weights: targets.map(() => 65_535),
    versionKey: 5n,
  };
};

describe('a submission', () => {
  it('is kept before anything changes, and found again by another client', async () => {
    const { network, chain, fate, tickets, close } = await newSetting();
    const before = network.snapshot();
    const receipt = await chain.setWeights(weightsFor(network), signal, async (ticket) => {
      expect(network.snapshot()).toEqual(before);
      tickets.push(ticket);
    });
    expect(tickets).toHaveLength(1);
    expect(await fate()).toEqual({ status: 'set', at: receipt.at });
    network.advance(500);
    expect(await fate()).toEqual({ status: 'set', at: receipt.at });
    await close();
  });

  it('is not sent where its ticket could not be kept: it stays open until its last block, and is lost then', async () => {
    const { network, chain, fate, tickets, close } = await newSetting();
    const before = network.snapshot();
    const failure = new Error('the disk is full');
    await expect(
      chain.setWeights(weightsFor(network), signal, async (ticket) => {
        tickets.push(ticket);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(network.snapshot()).toEqual(before);
    expect(await fate()).toEqual({ status: 'open', lastBlock: 1016 });
    network.advance(15);
    expect(await fate()).toMatchObject({ status: 'open' });
    network.advance(1);
    expect(await fate()).toEqual({ status: 'lost' });
    await close();
  });

  it('is not sent after its last block: another ticket is made, and kept', async () => {
    const { network, chain, fate, tickets, close } = await newSetting();
    const receipt = await chain.setWeights(weightsFor(network), signal, async (ticket) => {
      tickets.push(ticket);
      if (tickets.length < 3) network.advance(16);
    });
    expect(receipt.at.number).toBe(1033);
    const fates = await Promise.all(tickets.map((ticket) => chain.weightsFate(ticket, signal)));
    expect(fates.map(({ status }) => status)).toEqual(['lost', 'lost', 'set']);
    expect(await fate()).toMatchObject({ status: 'set' });
    await expect(
      chain.setWeights(weightsFor(network), signal, async () => {
        network.advance(16);
      }),
    ).rejects.toEqual(coded('SUBMISSION_EXPIRED'));
    await close();
  });

  it('that the chain refuses is in a block that changes nothing else', async () => {
    const { network, chain, fate, keep, close } = await newSetting();
    await chain.setWeights(weightsFor(network), signal, keep);
    const before = network.snapshot();
    const refusal: unknown = await chain.setWeights(weightsFor(network), signal, keep).catch((error: unknown) => error);
    expect(refusal).toEqual(coded('SettingWeightsTooFast'));
    const found = await fate();
    expect(found).toMatchObject({ status: 'refused', at: { number: 1002 } });
    expect(found.status === 'refused' && found.error.toReport()).toEqual(
      (refusal as { toReport(): unknown }).toReport(),
    );
    // The block before it can still be read: nothing has changed.
    expect(network.snapshot(before.at)).toEqual(before);
    expect({ ...network.snapshot(), at: before.at }).toEqual(before);
    await close();
  });

  it('for a uid that has another hotkey is not sent, also where that changes after its ticket was kept', async () => {
    const { network, chain, keep, tickets, fate, close } = await newSetting();
    const stale = weightsFor(network);
    await network.swapHotkey(3, { name: 'bob-2' });
    const before = network.snapshot();
    await expect(chain.setWeights(stale, signal, keep)).rejects.toMatchObject({
      code: 'HOTKEYS_CHANGED',
      fault: 'chain',
      retry: 'next-round',
      payload: { uids: [3] },
    });
    expect([tickets, network.snapshot()]).toEqual([[], before]);
    await expect(
      chain.setWeights(weightsFor(network), signal, async (ticket) => {
        await keep(ticket);
        network.deregister(2);
      }),
    ).rejects.toMatchObject({ code: 'HOTKEYS_CHANGED', payload: { uids: [2] } });
    expect(network.snapshot().weights.has(asUid(0))).toBe(false);
    network.advance(16);
    expect(await fate()).toEqual({ status: 'lost' });
    await close();
  });

  it('that is malformed is refused before its ticket is kept', async () => {
    const { network, chain, keep, tickets, close } = await newSetting();
    const good = weightsFor(network);
    for (const wrong of [{ weights: [65_536, 0] }, { hotkeys: [asHotkey('one')] }, { versionKey: -1n }])
      await expect(chain.setWeights({ ...good, ...wrong }, signal, keep)).rejects.toMatchObject({
        code: 'WEIGHTS_MALFORMED',
        fault: 'validator',
      });
    expect(tickets).toEqual([]);
    await close();
  });

  it.each<SubmissionTicket>([
    null,
    'ticket',
    {},
    { id: 'x', lastBlock: 1 },
    { id: '7b3c6f0e-5a53-4f83-9d0c-8a4a1f1d9a11' },
    { id: '7b3c6f0e-5a53-4f83-9d0c-8a4a1f1d9a11', lastBlock: -1 },
    { id: '7b3c6f0e-5a53-4f83-9d0c-8a4a1f1d9a11', lastBlock: 1, hash: '0x' },
  ])('is not found by %j', async (ticket) => {
    const { chain, close } = await newSetting();
    await expect(chain.weightsFate(ticket, signal)).rejects.toMatchObject({
      code: 'TICKET_UNREADABLE',
      fault: 'config',
    });
    await close();
  });
});

describe('a submission that the network delays', () => {
  it('is open until its block, and resolves in it', async () => {
    const { network, chain, fate, keep, close } = await newSetting();
    network.submissions.delay(3);
    const before = network.snapshot();
    const setting = chain.setWeights(weightsFor(network), signal, keep);
    await expect.poll(fate).toEqual({ status: 'open', lastBlock: 1004 });
    network.advance(3);
    expect({ ...network.snapshot(), at: before.at }).toEqual(before);
    expect(await fate()).toMatchObject({ status: 'open' });
    network.advance(5);
    const receipt = await setting;
    expect(receipt.at.number).toBe(1004);
    expect(await fate()).toEqual({ status: 'set', at: receipt.at });
    expect(network.snapshot().neurons[0]?.lastUpdate).toBe(1004);
    await close();
  });

  it('lands though the call was aborted meanwhile, and is judged by the state of its block', async () => {
    const { network, chain, fate, keep, close } = await newSetting();
    network.submissions.delay(3);
    for (const permit of [true, false]) {
      const controller = new AbortController();
      const setting = chain.setWeights(weightsFor(network), controller.signal, keep);
      await expect.poll(fate).toMatchObject({ status: 'open' });
      controller.abort();
      await expect(setting).rejects.toEqual(coded('ABORTED'));
      network.setValidatorPermit(0, permit);
      network.advance(200);
      if (permit) expect(await fate()).toMatchObject({ status: 'set' });
      else expect(await fate()).toMatchObject({ status: 'refused', error: { code: 'NeuronNoValidatorPermit' } });
    }
    await close();
  });
});

describe('a process that is killed', () => {
  it.each([
    ['after its ticket was kept', 'kept', ['open', 'lost']],
    ['after it has sent', 'sent', ['open', 'set']],
  ])('%s leaves a submission of which another one tells', async (_what, stage, [first, then]) => {
    const { file, network, chain, close } = await newSetting();
    network.submissions.delay(2);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'submitter.mjs'), file, stage], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'close');
    const ticket = JSON.parse(line.toString()) as SubmissionTicket;
    expect(await chain.weightsFate(ticket, signal)).toMatchObject({ status: first });
    network.advance(30);
    expect(await chain.weightsFate(ticket, signal)).toMatchObject({ status: then });
    await close();
  });
});
