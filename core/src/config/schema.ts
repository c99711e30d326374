import { ruleChoice } from '../competition/competition-schema.js';
import { z } from 'zod';
import { givenHistory } from './given-history.js';
import { denial } from './denial.js';
import { forEachContract } from '../plugin/contracts.js';

/** `use` names the implementation; the keys beside it are its options and are checked by its own schema. */
const chosen = z.looseObject({ use: z.string() });

const milliseconds = z.number().nonnegative();

const cadences = z
  .object({
    metagraphSync: milliseconds,
    metagraphDeadline: milliseconds,
    modelSync: milliseconds,
    modelSyncBacklogPoll: milliseconds,
    modelSyncStart: milliseconds,
    topModelScan: milliseconds,
    evaluationIdle: milliseconds,
    roundDeadline: milliseconds,
    modelDeadline: milliseconds,
    weights: milliseconds,
    weightsPoll: milliseconds,
    weightsDeadline: milliseconds,
    weightsRetry: milliseconds,
    cleaning: milliseconds,
    cleaningStart: milliseconds,
    cleaningGrace: milliseconds,
  })
  .partial()
  .strict();

/**
 * The config file. What a profile sets can be overridden here; an unknown key is an error. The program that
 * reads the file adds the default subnet and implementations as the weakest layer.
 */
export const configSchema = z
  .object({
    subnet: z.string().describe('Name of the subnet profile.'),
    netuid: z.number().int().min(0).max(65535).optional().describe("Overrides the profile's netuid."),
    dataDir: z.string().default('~/.assay').describe('Folder of the journal and everything else that is kept.'),
    plugins: z.array(z.string()).default([]).describe('Further plugin and competition packages.'),
    ...forEachContract((_name, { summary }) => chosen.describe(summary)),
    reporters: z
      .array(z.looseObject({ use: z.string() }))
      .optional()
      .describe('Where events go, each with its options beside `use`; text on stdout when left out.'),
    datasets: z.record(z.string(), z.looseObject({})).default({}).describe('Options by dataset id.'),
    competitions: z
      .array(z.string())
      .optional()
      .describe("Names of those to judge, or of packages for all of theirs; all of the profile's when left out."),
    match: z
      .record(z.string(), ruleChoice)
      .default({})
      .describe("By competition, the rule that says who wins, in place of the competition's own: { rule: NAME, ... }."),
    comparison: z
      .record(z.string(), z.enum(['mean-loss', 'per-sequence']))
      .default({})
      .describe('Old spelling of `match`: per-sequence is the rule per-batch.'),
    onDatasetFailure: z
      .record(z.string(), z.enum(['skip-round', 'renormalise']))
      .default({})
      .describe('Overrides by competition.'),
    deny: z
      .array(denial)
      .default([])
      .describe('Who does not play here, each with a `reason`: { hotkey | coldkey | digest | repo, reason }.'),
    history: z
      .record(z.string(), givenHistory)
      .default({})
      .describe(
        'By competition, what happened before this validator began: states of its standing and entrants rules.',
      ),
    sampleMin: z.number().int().positive().optional().describe('Models kept per competition for the next round.'),
    updatedModelsLimit: z.number().int().positive().optional().describe('Backlog at which model sync waits.'),
    setWeights: z.boolean().default(true).describe('false: judge, but leave the chain alone.'),
    offline: z.boolean().default(false).describe('No registration check, no weights, no remote reporters.'),
    readOnly: z
      .boolean()
      .default(false)
      .describe('Sign nothing: no weights, no commitments, unsigned records in the journal.'),
    iAmTheOnlyOne: z
      .boolean()
      .default(false)
      .describe('No other validator uses the hotkey: set weights again after DOPPELGANGER. It counts at the start.'),
    dryRun: z.boolean().default(false).describe('Show the weights instead of setting them.'),
    cadences: cadences.default({}).describe("Overrides of the profile's cadences, in milliseconds."),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('warn').describe('Least level of the log on stderr.'),
  })
  .strict();

export type Config = z.infer<typeof configSchema>;
export type ConfigInput = Readonly<Record<string, unknown>>;
