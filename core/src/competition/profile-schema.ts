import { z } from 'zod';
import { scheduleProblem } from './schedule.js';

const ms = z.number().nonnegative();
const blocks = z.number().int().nonnegative();

export const profileSchema = z.strictObject({
  name: z.string(),
  netuid: z.number().int().min(0).max(65535),
  weightsVersionKey: z.bigint().nonnegative(),
  commitmentCodec: z.literal('pretraining'),
  schedule: z
    .array(
      z.strictObject({
        fromBlock: blocks,
        competitions: z
          .array(
            z.strictObject({
              id: z.number().int().nonnegative(),
              share: z.number().min(0).max(1),
              name: z.string().optional(),
            }),
          )
          .min(1),
      }),
    )
    .superRefine((schedule, context) => {
      const problem = scheduleProblem(schedule);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    }),
  syncCadence: z.number().int().positive(),
  evaluationDelay: blocks,
  alpha: z.number().min(0).lt(1),
  temperature: z.number().positive(),
  sampleMin: z.number().int().positive(),
  updatedModelsLimit: z.number().int().positive(),
  keepThreshold: z.number().min(0).max(1),
  topMiners: z.strictObject({
    minStake: z.bigint().nonnegative(),
    minWeightShare: z.number().min(0).max(1),
    reevaluateAfterBlocks: blocks,
  }),
  cadences: z.strictObject({
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
