import type { TextLossSamples } from '@assay/core/contracts/task-kinds';
import type { InspectedModel } from '../inspect.js';
import { SessionByShape } from './session-by-shape.js';
import { commonFeeds, labelFeed, ModelSession, type SessionOptions } from './session.js';

/**
 * Mean cross entropy in nats of each batch: the mean over its positions, in double.
 * Unpacked, a label whose predecessor is the pad token is left out.
 */
export async function batchLosses(
  model: InspectedModel,
  samples: TextLossSamples,
  options: SessionOptions,
  onBatch: (done: number) => void,
): Promise<number[]> {
  const sessions = new SessionByShape((batch, length) => ModelSession.forLosses(model, batch, length, options));
  try {
    const losses: number[] = [];
    for (const rows of samples.batches) {
      const perToken = await (
        await sessions.for(rows)
      ).run({ ...commonFeeds(rows), labels: labelFeed(rows) }, 'losses');
      losses.push(meanOver(perToken, samples.packed ? undefined : counted(rows, samples.padTokenId)));
      onBatch(losses.length);
    }
    return losses;
  } finally {
    await sessions.release();
  }
}

/** For each label: whether it counts. [batch * (sequence - 1)] */
const counted = (rows: readonly (readonly number[])[], pad: number): boolean[] =>
  rows.flatMap((row) => row.slice(1).map((_label, index) => index === 0 || row[index] !== pad));

function meanOver(values: Float32Array, mask: readonly boolean[] | undefined): number {
  let sum = 0;
  let count = 0;
  for (const [index, value] of values.entries()) {
    if (mask && mask[index] === false) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}
