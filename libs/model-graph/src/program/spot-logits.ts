import { modelErrors } from '../errors.js';
import type { EngineModel } from './engine.js';

/**
 * First logits of the last position of each row, for comparison with other implementations.
 * samples: [sample][row][token] -> [sample][row][count]
 * @throws NON_FINITE_LOGITS
 */
export async function spotLogits(
  model: Pick<EngineModel, 'lastLogits'>,
  samples: AsyncIterable<readonly (readonly number[])[]>,
  count: number,
): Promise<number[][][]> {
  const spots: number[][][] = [];
  for await (const rows of samples) {
    const logits = await model.lastLogits(rows);
    if (!logits.every((ofRow) => ofRow.every(Number.isFinite)))
      throw modelErrors.NON_FINITE_LOGITS({ position: rows[0]?.length ?? 0 });
    spots.push(logits.map((ofRow) => [...ofRow.slice(0, count)]));
  }
  return spots;
}
