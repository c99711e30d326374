import { modelErrors } from '../errors.js';
import type { InspectedModel } from '../inspect.js';
import { SessionByShape } from './session-by-shape.js';
import { commonFeeds, ModelSession, type SessionOptions } from './session.js';

/**
 * First logits of the last position of each row, for comparison with other implementations.
 * samples: [sample][row][token] -> [sample][row][count]
 * @throws NON_FINITE_LOGITS
 */
export async function spotLogits(
  model: InspectedModel,
  samples: AsyncIterable<readonly (readonly number[])[]>,
  count: number,
  options: SessionOptions,
): Promise<number[][][]> {
  const sessions = new SessionByShape((batch, length) => ModelSession.forLastLogits(model, batch, length, options));
  try {
    const spots: number[][][] = [];
    for await (const rows of samples) {
      const logits = await (await sessions.for(rows)).run(commonFeeds(rows), 'logits');
      const width = logits.length / rows.length;
      if (!logits.every(Number.isFinite)) throw modelErrors.NON_FINITE_LOGITS({ position: rows[0]?.length ?? 0 });
      spots.push(rows.map((_row, index) => [...logits.slice(index * width, index * width + count)]));
    }
    return spots;
  } finally {
    await sessions.release();
  }
}
