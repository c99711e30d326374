import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decryptWithSignature, timeOf } from '@assay/lib-timelock';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorOf } from '../../error-of.js';
import type { PoolNode } from '../../pool-node.js';
import { missing, titled } from './opened.js';
import type { Line } from './scripted-link.js';
import { BLOCK_MS, keepMaking, NETUID, openSubmitter, soon, startNode } from './submitting.js';

/** A round of drand whose signature is known. */
const vector = join(import.meta.dirname, '..', '..', 'fixtures', 'protocol', 'commit_reveal_tle.json');
const known = z.object({ round: z.number(), signature_g1: z.string() });

/** A subnet in which the hotkey is registered, and a runtime that stores commitments. */
function open(node: PoolNode, hotkey: string, now = 1_800_000_000_000): void {
  node.put('SubtensorModule', 'Uids', [NETUID, hotkey], 0);
  node.put('SubtensorModule', 'Tempo', [NETUID], 360);
  node.put('Timestamp', 'Now', [], now);
  node.dispatch = (_call, [, info]) => {
    const block = node.chain.blocks.head;
    node.put('Commitments', 'CommitmentOf', [NETUID, hotkey], { deposit: 0, block, info });
    return undefined;
  };
  node.advance(4);
}

describe.skipIf(missing !== undefined)(titled('a commitment'), () => {
  it('is read back, and replaces a timelocked one with a warning', async () => {
    const node = await startNode();
    const { client, hotkey, log } = await openSubmitter([node.chain.url]);
    open(node, hotkey);
    keepMaking(node);
    const sealed = await client.commit('later', soon(), { revealAfter: 100 });
    expect(sealed.opens).toBeGreaterThanOrEqual(sealed.at.number + 96);
    expect(sealed.opens).toBeLessThanOrEqual(sealed.at.number + 101);
    const warned = (): Line[] => log.filter(({ message }) => message.includes('timelocked'));
    expect(warned()).toEqual([]);
    await client.commit('at once', soon());
    expect(warned()).toMatchObject([{ level: 'warn', context: { hotkey } }]);
    expect(node.included.map(({ call }) => call)).toEqual(['commitments.setCommitment', 'commitments.setCommitment']);
  });

  it('that is timelocked opens with the round of its time', async () => {
    const { round, signature_g1: signature } = known.parse(JSON.parse(readFileSync(vector, 'utf8')));
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url]);
    open(node, hotkey);
    // The chain's own clock decides, whatever this machine's clock says. The text stays closed for 20 blocks.
    const blocks = 20;
    const started = (timeOf(round) - 1) * 1000 - (blocks + 4) * BLOCK_MS;
    node.put('Timestamp', 'Now', [], started);
    node.advance(3);
    keepMaking(node);
    await client.commit('later', soon(), { revealAfter: blocks });
    const info = z
      .object({
        fields: z.tuple([
          z.object({ timelockEncrypted: z.object({ encrypted: z.string(), revealRound: z.number() }) }),
        ]),
      })
      .parse(node.included[0]?.extrinsic.args[1]?.toJSON());
    const { encrypted, revealRound } = info.fields[0].timelockEncrypted;
    expect(revealRound).toBe(round);
    const opened = await decryptWithSignature(Buffer.from(encrypted.slice(2), 'hex'), Buffer.from(signature, 'hex'));
    expect(Buffer.from(opened)).toEqual(Buffer.concat([Buffer.from([5 << 2]), Buffer.from('later')]));
  });

  it.each<[sent: string, held: string]>([
    ['ana', 'banana'],
    ['a', 'b'.repeat(97)],
  ])('%s in whose place the chain holds %s is told', async (sent, held) => {
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url]);
    open(node, hotkey);
    node.dispatch = () => {
      const fields = [{ [`Raw${held.length}`]: `0x${Buffer.from(held).toString('hex')}` }];
      const block = node.chain.blocks.head;
      node.put('Commitments', 'CommitmentOf', [NETUID, hotkey], { deposit: 0, block, info: { fields } });
      return undefined;
    };
    keepMaking(node);
    expect(await errorOf(client.commit(sent, soon()))).toMatchObject({ code: 'COMMITMENT_NOT_HELD' });
  });

  it('that the chain would refuse is not sent', async () => {
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url], { blockTimeMs: 1000 });
    expect((await errorOf(client.commit('text', soon()))).code).toBe('AccountNotAllowedCommit');
    open(node, hotkey);
    node.put('SubtensorModule', 'SubnetEpochIndex', [NETUID], 9);
    node.put('Commitments', 'MaxSpace', [], 3100);
    node.put('Commitments', 'UsedSpaceOf', [NETUID, hotkey], { lastEpoch: 9, usedSpace: 3001 });
    node.put('SubtensorModule', 'LastEpochBlock', [NETUID], 90);
    node.advance(3);
    const error = await errorOf(client.commit('text', soon()));
    expect(error).toMatchObject({ code: 'SpaceLimitExceeded', fault: 'chain', payload: { limit: 3100 } });
    const at = await client.head(soon());
    expect(error.payload['blocksLeft']).toBe(90 + 360 - at.number);
    const cases: readonly (readonly [text: string, revealAfter: number | undefined, code: string])[] = [
      ['é'.repeat(65), undefined, 'COMMITMENT_TOO_LONG'],
      ['', undefined, 'COMMITMENT_EMPTY'],
      ['x'.repeat(client.maxTimelockedBytes + 1), 5, 'COMMITMENT_TOO_LONG'],
      ['x', 0, 'TIMELOCK_INVALID'],
      ['x', 1.5, 'TIMELOCK_INVALID'],
      ['x', NaN, 'TIMELOCK_INVALID'],
      ['x', 1e9, 'TIMELOCK_INVALID'],
    ];
    for (const [text, revealAfter, code] of cases) {
      const refused = client.commit(text, soon(), revealAfter === undefined ? {} : { revealAfter });
      expect(await errorOf(refused), `${text.length} ${revealAfter}`).toMatchObject({ code, fault: 'config' });
    }
    expect(node.offered.size).toBe(0);
  });

  it('of the longest text fits into a field of the chain', async () => {
    const node = await startNode();
    const { client, hotkey } = await openSubmitter([node.chain.url]);
    open(node, hotkey);
    keepMaking(node);
    await client.commit('x'.repeat(client.maxTimelockedBytes), soon(), { revealAfter: 5 });
    const json = JSON.stringify(node.included[0]?.extrinsic.args[1]?.toJSON());
    expect(/"encrypted":"0x([0-9a-f]+)"/.exec(json)?.[1]?.length).toBe(2 * 1024);
  });
});
