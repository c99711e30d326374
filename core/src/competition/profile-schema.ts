import { z } from 'zod';
import { ruleChoice } from './competition-schema.js';
import { scheduleProblem } from './schedule.js';

const ms = z.number().nonnegative();
const blocks = z.number().int().nonnegative();

const written = z.strictObject({
  name: z.string(),
  netuid: z.number().int().min(0).max(65535),
  weightsVersionKey: z.bigint().nonnegative(),
  library: z.string().min(1).optional(),
  commitment: ruleChoice.optional(),
  commitmentCodec: z.string().optional(),
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
  missingGrace: blocks.default(75),
  rules: z
    .array(
      z.strictObject({
        fromBlock: blocks,
        standing: ruleChoice,
        merge: z.array(ruleChoice).min(1),
        entrants: ruleChoice.optional(),
        seed: ruleChoice.optional(),
        competitions: z
          .record(
            z.string(),
            z.strictObject({
              epsilon: ruleChoice.optional(),
              match: ruleChoice.optional(),
              standing: ruleChoice.optional(),
              entrants: ruleChoice.optional(),
              entryChecks: z.array(ruleChoice).min(1).optional(),
            }),
          )
          .optional(),
      }),
    )
    .min(1)
    .refine(([first]) => first?.fromBlock === 0, 'the first entry must begin at block 0')
    .refine(
      (rules) => rules.every(({ fromBlock }, index) => index === 0 || fromBlock > (rules[index - 1]?.fromBlock ?? 0)),
      'entries must ascend by fromBlock',
    )
    .optional(),
  alpha: z.number().min(0).lt(1).optional(),
  temperature: z.number().positive().optional(),
  sampleMin: z.number().int().positive(),
  updatedModelsLimit: z.number().int().positive(),
  keepThreshold: z.number().min(0).max(1),
  weightsAtNewLeader: z.boolean().optional(),
  notes: z.array(z.string().min(1).max(400)).optional(),
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

/** A profile as its package writes it, with `alpha`, `temperature` and `commitmentCodec` turned into the rules that they stand for. */
export const profileSchema = written.transform(
  ({ alpha, temperature, rules, commitment, commitmentCodec, ...rest }, context) => {
    const isShort = alpha !== undefined && temperature !== undefined;
    if (isShort === (rules !== undefined) || (rules && (alpha !== undefined || temperature !== undefined))) {
      const message = 'say either rules, or alpha and temperature';
      context.addIssue({ code: 'custom', path: ['rules'], message });
      return z.NEVER;
    }
    if ((commitment === undefined) === (commitmentCodec === undefined)) {
      const message = 'say either commitment or commitmentCodec';
      context.addIssue({ code: 'custom', path: ['commitment'], message });
      return z.NEVER;
    }
    const standing = { rule: 'softmax-average', temperature, alpha };
    return {
      ...rest,
      commitment: commitment ?? { rule: commitmentCodec ?? '' },
      rules: rules ?? [{ fromBlock: 0, standing, merge: [{ rule: 'by-share' }] }],
    };
  },
);
