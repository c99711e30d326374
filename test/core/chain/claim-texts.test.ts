import { claimTextOf, claimTexts } from '@assay/core/chain/claim-texts';
import { asBlockNumber, asHotkey } from '@assay/core/contracts/brands';
import type { Commitment } from '@assay/core/contracts/chain-client';
import { expect, it } from 'vitest';

const text = (hotkey: string, data: string, block: number): Commitment => ({
  hotkey: asHotkey(hotkey),
  data,
  block: asBlockNumber(block),
});

const SNAPSHOT = {
  commitments: [text('a', 'plain of a', 7), text('b', 'plain of b', 9)],
  revealed: [
    text('a', 'first', 3),
    text('a', 'second', 5),
    text('a', 'third, in the same block', 5),
    text('c', 'of c', 2),
  ],
};

it.each([
  ['commitments', { a: 'plain of a 7', b: 'plain of b 9' }],
  ['revealed-commitments', { a: 'third, in the same block 5', c: 'of c 2' }],
] as const)('are those of the %s', (readFrom, wanted) => {
  const texts = claimTexts(SNAPSHOT, { readFrom });
  expect(Object.fromEntries([...texts].map(([hotkey, { data, block }]) => [hotkey, `${data} ${block}`]))).toEqual(
    wanted,
  );
  expect(claimTextOf(SNAPSHOT, { readFrom }, 'a')).toEqual(texts.get('a'));
  expect(claimTextOf(SNAPSHOT, { readFrom }, 'd')).toBeUndefined();
});

it.each([
  ['commitments', 8, ['b']],
  ['commitments', 10, []],
  ['revealed-commitments', 3, ['a']],
  ['revealed-commitments', 5, ['a']],
  ['revealed-commitments', 6, []],
] as const)('of %s leave out claims before block %i', (readFrom, fromBlock, hotkeys) => {
  expect([...claimTexts(SNAPSHOT, { readFrom, fromBlock }).keys()]).toEqual(hotkeys);
});

it('are the newest by block, also of a client that lists them in another order', () => {
  const revealed = [...SNAPSHOT.revealed].reverse();
  const found = claimTextOf({ ...SNAPSHOT, revealed }, { readFrom: 'revealed-commitments' }, 'a');
  expect(found?.block).toBe(5);
});
