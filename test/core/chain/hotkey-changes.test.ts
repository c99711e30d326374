import { hotkeyChanges } from '@assay/core/chain/hotkey-changes';
import { asBlockNumber, asHotkey, asUid } from '@assay/core/contracts/brands';
import type { Neuron } from '@assay/core/contracts/chain-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type Row = readonly [uid: number, hotkey: string, registeredAt: number];

const neurons = (rows: readonly Row[]): { neurons: Neuron[] } => ({
  neurons: rows.map(([uid, hotkey, registeredAt]) => ({
    ...{ uid: asUid(uid), hotkey: asHotkey(hotkey), registeredAt: asBlockNumber(registeredAt) },
    ...{ coldkey: 'c', stake: 0n, validatorPermit: false, lastUpdate: asBlockNumber(0) },
    ...{ incentive: 0, dividends: 0, validatorTrust: 0 },
  })),
});

describe('a uid', () => {
  it.each<[string, Row[], Row[], string[]]>([
    ['is as it was', [[1, 'a', 5]], [[1, 'a', 5]], []],
    ['was given another hotkey', [[1, 'a', 5]], [[1, 'b', 5]], ['1 swapped a b']],
    ['was taken over', [[1, 'a', 5]], [[1, 'b', 9]], ['1 replaced a b']],
    ['was left and registered again by the same hotkey', [[1, 'a', 5]], [[1, 'a', 9]], ['1 replaced a a']],
    ['was free', [], [[1, 'a', 5]], ['1 registered null a']],
    ['is free now', [[1, 'a', 5]], [], ['1 left a null']],
    [
      'was changed for another one',
      [
        [1, 'a', 5],
        [2, 'b', 5],
      ],
      [
        [1, 'b', 9],
        [3, 'a', 9],
      ],
      ['1 replaced a b', '2 left b null', '3 registered null a'],
    ],
  ])('that %s', (_what, before, after, wanted) => {
    const changes = hotkeyChanges(neurons(before), neurons(after));
    expect(changes.map((change) => `${change.uid} ${change.change} ${change.before} ${change.after}`)).toEqual(wanted);
  });
});

const rows = fc.uniqueArray(fc.tuple(fc.nat(9), fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(3)), {
  selector: ([uid]) => uid,
});

it('each change leads from the one snapshot to the other, and none is left out', () => {
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      const changes = hotkeyChanges(neurons(before), neurons(after));
      const hotkeys = new Map(before.map(([uid, hotkey]): [number, string] => [uid, hotkey]));
      for (const change of changes) {
        expect(hotkeys.get(change.uid) ?? null).toBe(change.before);
        if (change.after === null) hotkeys.delete(change.uid);
        else hotkeys.set(change.uid, change.after);
      }
      expect([...hotkeys].sort()).toEqual(after.map(([uid, hotkey]) => [uid, hotkey]).sort());
      expect(changes.map(({ uid }) => uid)).toEqual([...new Set(changes.map(({ uid }) => uid))].sort((a, b) => a - b));
      expect(hotkeyChanges(neurons(after), neurons(after))).toEqual([]);
    }),
  );
});
