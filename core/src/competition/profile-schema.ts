import { z } from 'zod';

const ms = z.number().nonnegative();
const blocks = z.number().int().nonnegative();

export const profileSchema = z.object({
  name: z.string(),
  netuid: z.number().int().min(0).max(65535),
  weightsVersionKey: z.bigint().nonnegative(),
  commitmentCodec: z.literal('pretraining'),
  schedule: z
    .array(
      z.object({
        fromBlock: blocks,
        competitions: z.array(z.object({ id: z.number().int().nonnegative(), share: z.number().min(0).max(1) })).min(1),
      }),
    )
    .min(1)
    .refine(
      (entries) => entries.every((entry, index) => index === 0 || entry.fromBlock > (entries[index - 1]?.fromBlock ?? 0)),
      'entries must ascend by fromBlock',
    ),
  syncCadence: z.number().int().positive(),
  evaluationDelay: blocks,
  alpha: z.number().min(0).lt(1),
  temperature: z.number().positive(),
  sampleMin: z.number().int().positive(),
  updatedModelsLimit: z.number().int().positive(),
  keepThreshold: z.number().min(0).max(1),
  topMiners: z.object({ minStake: z.bigint().nonnegative(), minWeightShare: z.number().min(0).max(1), reevaluateAfterBlocks: blocks }),
  cadences: z.object({
    metagraphSync: ms,
    metagraphDeadline: ms,
    modelSync: ms,
    modelSyncBacklogPoll: ms,
    modelSyncStart: ms,
    topModelScan: ms,
    evaluationIdle: ms,
    roundDeadline: ms,
    modelDeadline: ms,
    weights: ms,
    weightsPoll: ms,
    weightsDeadline: ms,
    weightsRetry: ms,
    cleaning: ms,
    cleaningStart: ms,
    cleaningGrace: ms,
  }),
});
