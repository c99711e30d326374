import { asUid, type Uid } from '@assay/core/contracts/brands';
import type { WeightRow } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { answerAs, malformed } from '../rpc/greeting.js';
import { decoded, PALLET, type SubnetState } from './subnet.js';

const ITEM = 'Weights';
const u16 = z.number().int().min(0).max(65_535);
const row = z.array(z.tuple([u16, u16]));

/** As the chain has written its rows so far. */
const PAIRS = 'Vec<(u16,u16)>';

/** The weights of every validator that has set any, by its uid in ascending order. @throws ANSWER_MALFORMED, what `Link.call` throws */
export async function readWeights(subnet: SubnetState): Promise<Map<Uid, WeightRow>> {
  const { runtime } = subnet;
  const rows = await subnet.part(PALLET, ITEM);
  // A type for each number makes 160,000 objects of the rows of a large subnet.
  const isPairs = runtime.valueType(PALLET, ITEM) === PAIRS;
  const read = (value: string): WeightRow =>
    isPairs
      ? pairsOf(value)
      : answerAs(
          row,
          ITEM,
          decoded(ITEM, () => runtime.storageValue(PALLET, ITEM, value)),
        );
  const found = rows.flatMap(({ argument, value }): [Uid, WeightRow][] => {
    const uid = answerAs(u16, ITEM, argument);
    const weights = read(value);
    return weights.length > 0 ? [[asUid(uid), weights]] : [];
  });
  return new Map(found.sort(([a], [b]) => a - b));
}

/**
 * Pairs of u16 out of their SCALE encoding: a compact length of one, two or four bytes, then four bytes for each pair.
 * @throws ANSWER_MALFORMED when length and bytes do not agree
 */
export function pairsOf(hex: string): WeightRow {
  const bytes = Buffer.from(hex.slice(2), 'hex');
  const start = [1, 2, 4][(bytes[0] ?? 3) & 3];
  if (start === undefined || bytes.length < start) throw malformed(ITEM, 'a row without its length');
  const length = bytes.readUIntLE(0, start) >>> 2;
  if (bytes.length !== start + 4 * length) throw malformed(ITEM, `${bytes.length} bytes for a row of ${length}`);
  return Array.from({ length }, (_, index) => {
    const at = start + 4 * index;
    return [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)] as const;
  });
}
