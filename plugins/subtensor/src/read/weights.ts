import { asUid, type Uid } from '@assay/core/contracts/brands';
import type { WeightRow } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { answerAs } from '../rpc/greeting.js';
import { decoded, PALLET, type SubnetState } from './subnet.js';

const ITEM = 'Weights';
const u16 = z.number().int().min(0).max(65_535);
const row = z.array(z.tuple([u16, u16]));

/** The weights of every validator that has set any, by its uid in ascending order. @throws ANSWER_MALFORMED, what `Link.call` throws */
export async function readWeights(subnet: SubnetState): Promise<Map<Uid, WeightRow>> {
  const { runtime } = subnet;
  const rows = await subnet.part(PALLET, ITEM);
  const found = rows.flatMap(({ argument, value }): [Uid, WeightRow][] => {
    const uid = answerAs(u16, ITEM, argument);
    const weights = answerAs(
      row,
      ITEM,
      decoded(ITEM, () => runtime.storageValue(PALLET, ITEM, value)),
    );
    return weights.length > 0 ? [[asUid(uid), weights]] : [];
  });
  return new Map(found.sort(([a], [b]) => a - b));
}
