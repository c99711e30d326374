import type { TextLossSamples } from '@assay/core/contracts/task-kinds';
import type { InspectedModel } from '../inspect.js';
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
  const sessions = new Map<string, ModelSession>();
  try {
    const losses: number[] = [];
    for (const rows of samples.batches) {
      const session = await sessionFor(sessions, model, rows, options);
      const perToken = await session.run({ ...commonFeeds(rows), labels: labelFeed(rows) }, 'losses');
      losses.push(meanOver(perToken, samples.packed ? undefined : counted(rows, samples.padTokenId)));
      onBatch(losses.length);
    }
    return losses;
  } finally {
    for (const session of sessions.values()) await session.release();
  }
}

async function sessionFor(
  sessions: Map<string, ModelSession>,
  model: InspectedModel,
  rows: readonly (readonly number[])[],
  options: SessionOptions,
): Promise<ModelSession> {
  const [batch, length] = [rows.length, rows[0]?.length ?? 0];
  const key = `${batch}x${length}`;
  const known = sessions.get(key);
  if (known) return known;
  // Samples of one shape are the rule; a set of many shapes may not keep a graph for each.
  for (const [other, session] of sessions) {
    await session.release();
    sessions.delete(other);
  }
  const session = await ModelSession.forLosses(model, batch, length, options);
  sessions.set(key, session);
  return session;
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
