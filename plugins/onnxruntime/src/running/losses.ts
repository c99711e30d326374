import type { TextLossTask } from '@assay/core/kinds/text-loss/schemas';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import { SessionByShape } from './session-by-shape.js';
import { commonFeeds, labelFeed, ModelSession, type SessionOptions } from './session.js';

/** Sessions that give the losses of one model. */
export const lossSessions = (model: InspectedModel, options: SessionOptions): SessionByShape =>
  new SessionByShape((rows, length) => ModelSession.forLosses(model, rows, length, options));

/**
 * Mean cross entropy in nats of one sample: the mean over its positions, in double.
 * Unpacked, a label whose predecessor is the pad token is left out.
 * @param rows [row][token]
 */
export async function sampleLoss(
  sessions: SessionByShape,
  rows: readonly (readonly number[])[],
  { packed, padTokenId }: Pick<TextLossTask, 'packed' | 'padTokenId'>,
): Promise<number> {
  const session = await sessions.for(rows);
  const perToken = await session.run({ ...commonFeeds(rows), labels: labelFeed(rows) }, 'losses');
  return meanOver(perToken, packed ? undefined : counted(rows, padTokenId));
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
