import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toAssayError } from '@assay/core/errors/describe';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import type { Runtime as LoadedRuntime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import { errorOf } from '../../error-of.js';
import { RpcError } from '../../json-rpc-server.js';
import type { Runtime, ScriptedChain } from '../../scripted-chain.js';
import { compact, hexOf } from '../../scripted-blocks.js';
import { never, openLink, startChain } from './scripted-link.js';

const folder = process.env['ASSAY_CHAIN_RECORDINGS'];
const missing =
  folder === undefined
    ? 'ASSAY_CHAIN_RECORDINGS is not set: it names a folder with the metadata of real chains'
    : existsSync(folder)
      ? undefined
      : `ASSAY_CHAIN_RECORDINGS=${folder} is not there`;

/** Rules of 343 and 424 with the metadata of Finney. 424 has mechanisms, 343 has none. */
function rules(): { old: Runtime; young: Runtime } {
  const from = (name: string): Buffer => readFileSync(join(folder ?? '', name));
  const hex = from('metadata_v15_spec343.hex').toString().trim();
  return {
    old: { specName: 'node-subtensor', specVersion: 343, metadata: Buffer.from(hex.replace(/^0x/, ''), 'hex') },
    young: { specName: 'node-subtensor', specVersion: 424, metadata: from('finney-424.metadata-v16.scale') },
  };
}

const METADATA_CALL = 'Metadata_metadata_at_version';
type Instead = (method: string, params: readonly unknown[]) => unknown;

async function started(
  runtime: Runtime,
  instead: Instead = () => undefined,
): Promise<{ chain: ScriptedChain; runtimes: Runtimes; fetched: () => number }> {
  let fetched = 0;
  const chain = await startChain({
    runtime,
    instead: (method, params) => {
      if (method === 'state_getMetadata' || params[0] === METADATA_CALL) fetched += 1;
      return instead(method, params);
    },
  });
  const { link } = openLink([chain.url], { callMs: 20_000, openMs: 5000, silenceMs: 20_000 });
  return { chain, runtimes: new Runtimes({ link }), fetched: () => fetched };
}

const at = async (runtimes: Runtimes, chain: ScriptedChain, block: number): Promise<[string, boolean]> => {
  const { runtime, callable } = await runtimes.at(chain.blocks.hash(block) ?? '', never());
  return [runtime.name, callable];
};
const hasFunctions = (runtime: LoadedRuntime): boolean => runtime.hasFunction('SubnetInfoRuntimeApi', 'get_metagraph');

describe.skipIf(missing !== undefined)(
  `the rules of a chain${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const OLD = 'node-subtensor 343';
    const YOUNG = 'node-subtensor 424';

    it.each<[name: string, order: readonly number[]]>([
      ['as the blocks come', [9, 10, 11, 12]],
      ['the upgrade first', [10, 11, 9]],
      ['the new rules first', [12, 11, 10, 9]],
      ['the upgrade when both are known', [12, 9, 10, 10]],
    ])('are those of each block, also around an upgrade: %s', async (_name, order) => {
      const { old, young } = rules();
      const { chain, runtimes } = await started(old);
      chain.advance(15);
      chain.upgrade(10, young);
      for (const block of order)
        expect([block, ...(await at(runtimes, chain, block))]).toEqual([
          block,
          block <= 10 ? OLD : YOUNG,
          block !== 10,
        ]);
    });

    it('are fetched once, however many ask at once and again', async () => {
      const { chain, runtimes, fetched } = await started(rules().young);
      chain.advance(3);
      await Promise.all([1, 2, 3, 3, 3].map((block) => at(runtimes, chain, block)));
      expect(fetched()).toBe(1);
      await at(runtimes, chain, 2);
      expect(fetched()).toBe(1);
    });

    it('are read although one of two who wait has gone', async () => {
      const controller = new AbortController();
      const { chain, runtimes, fetched } = await started(rules().young, (_method, params) => {
        if (params[0] === METADATA_CALL) controller.abort();
        return undefined;
      });
      const hash = chain.blocks.hash(1) ?? '';
      const gone = errorOf(runtimes.at(hash, controller.signal));
      const stays = runtimes.at(hash, never());
      expect((await gone).code).toBe('ABORTED');
      expect((await stays).runtime.name).toBe(YOUNG);
      expect(fetched()).toBe(1);
    });

    it.each<[name: string, spoil: (answer: Buffer) => string]>([
      ['cut short', (answer) => hexOf(answer.subarray(0, 1000))],
      ['no hex', () => '0xzz'],
      ['no text', () => '7'],
      ['other bytes within', (answer) => hexOf(Buffer.from(answer).fill(0xff, 2000, 2400))],
      ['another version', (answer) => hexOf(Buffer.from(answer).fill(99, 9, 10))],
    ])('are read well after an answer that was spoilt once: %s', async (_name, spoil) => {
      const { young } = rules();
      const metadata = Buffer.from(young.metadata ?? []);
      const answer = Buffer.concat([Buffer.from([1]), compact(metadata.length), metadata]);
      let spoilt = 0;
      const { chain, runtimes } = await started(young, (_method, params) => {
        if (params[0] !== METADATA_CALL || params[1] !== '0x10000000' || spoilt > 0) return undefined;
        spoilt += 1;
        return spoil(answer);
      });
      const hash = chain.blocks.hash(1) ?? '';
      // An answer that is no metadata at all is an error, and the next who asks gets the rules.
      const first = await runtimes.at(hash, never()).catch(toAssayError);
      if ('code' in first) expect(first).toMatchObject({ code: 'ANSWER_MALFORMED', fault: 'network' });
      const { runtime } = await runtimes.at(hash, never());
      expect(hasFunctions(runtime)).toBe(true);
      expect(spoilt).toBe(1);
    });

    it('are not taken for older ones when the node refuses for a while', async () => {
      let refusals = 0;
      const { chain, runtimes } = await started(rules().young, (_method, params) => {
        if (params[0] !== METADATA_CALL || refusals > 0) return undefined;
        refusals += 1;
        throw new RpcError(-32_005, 'rate limit exceeded');
      });
      const hash = chain.blocks.hash(1) ?? '';
      expect(await errorOf(runtimes.at(hash, never()))).toMatchObject({ code: 'CALL_REFUSED', retry: 'backoff' });
      expect(hasFunctions((await runtimes.at(hash, never())).runtime)).toBe(true);
    });

    it.each([
      [
        'the runtime has no such function',
        4003,
        'Client error: Execution failed: Exported method Metadata_metadata_at_version is not found',
      ],
      ['the node does not serve such calls', -32_601, 'Method not found'],
    ])('come from the oldest question where %s', async (_name, code, message) => {
      const { chain, runtimes } = await started(rules().old, (_method, params) => {
        if (params[0] === METADATA_CALL) throw new RpcError(code, message);
        return undefined;
      });
      expect(await at(runtimes, chain, 1)).toEqual([OLD, true]);
    });

    it('of the oldest block whose state is kept are its own', async () => {
      const { chain, runtimes } = await started(rules().old);
      chain.advance(10);
      chain.statesKept = 5;
      expect(await at(runtimes, chain, 6)).toEqual([OLD, true]);
      expect((await errorOf(at(runtimes, chain, 5))).code).toBe('STATE_DISCARDED');
    });

    it('that were used last are kept: reading the past does not cost those of the present', async () => {
      const { old, young } = rules();
      const { chain, runtimes, fetched } = await started(old);
      chain.advance(30);
      chain.upgrade(10, { ...old, specVersion: 344 });
      chain.upgrade(20, young);
      expect(await at(runtimes, chain, 25)).toEqual([YOUNG, true]);
      expect(await at(runtimes, chain, 15)).toEqual(['node-subtensor 344', true]);
      expect(await at(runtimes, chain, 26)).toEqual([YOUNG, true]);
      expect(await at(runtimes, chain, 5)).toEqual([OLD, true]);
      const before = fetched();
      expect(await at(runtimes, chain, 27)).toEqual([YOUNG, true]);
      expect(fetched()).toBe(before);
    });
  },
);

describe('rules that can not be read', () => {
  it('are a coded error, and asked for again by the next', async () => {
    const { chain, runtimes, fetched } = await started({
      specName: 'node-subtensor',
      specVersion: 1,
      metadata: Buffer.from('6d6574610eff', 'hex'),
    });
    for (let count = 1; count <= 2; count += 1) {
      const before = fetched();
      expect((await errorOf(at(runtimes, chain, 1))).code).toMatch(/RUNTIME_UNREADABLE|ANSWER_MALFORMED/);
      expect(fetched()).toBeGreaterThan(before);
    }
  });

  it('are a coded error where the header is none of its block', async () => {
    const { chain, runtimes } = await started({ specName: 'x', specVersion: 1 }, (method, params) =>
      method === 'chain_getHeader' && params.length > 0 ? null : undefined,
    );
    expect((await errorOf(at(runtimes, chain, 1))).code).toBe('BLOCK_UNKNOWN');
  });
});
