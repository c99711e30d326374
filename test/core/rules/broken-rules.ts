import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { EntryCheck } from '@assay/core/contracts/entry-check';
import type { TaskKind } from '@assay/core/contracts/task-kind';
import { textLoss } from '@assay/core/kinds/text-loss/text-loss';
import type { SeedRule } from '@assay/core/contracts/seed-rule';
import { NO_MARKS } from '@assay/core/judging/mark-count';
import { judgingErrors } from '@assay/core/judging/errors';
import { pretraining } from '@assay/core/rules/commitment/pretraining';
import { syncBlock } from '@assay/core/rules/seed/sync-block';
import type { AnyEntrantsRule, ClaimIntake, EntrantsRule } from '@assay/core/contracts/entrants-rule';
import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';
import type { MatchOutcome, MatchRule } from '@assay/core/contracts/match-rule';
import type { MergeRule } from '@assay/core/contracts/merge-rule';
import type { Rule } from '@assay/core/contracts/rule';
import type { AnyStandingRule, Defender } from '@assay/core/contracts/standing-rule';
import type { Steps } from '@assay/core/judging/steps';
import type { DoorName } from '@assay/core/rules/doors';
import { queue } from '@assay/competition-duel/dist/entrants/queue.js';
import { pool } from '@assay/core/rules/entrants/pool';
import { fixed } from '@assay/core/rules/epsilon/fixed';
import { linearDecay } from '@assay/core/rules/epsilon/linear-decay';
import { meanLoss } from '@assay/core/rules/match/mean-loss';
import { byShare } from '@assay/core/rules/merge/by-share';
import { winnerTakesAll } from '@assay/core/rules/standing/winner-takes-all';
import { z } from 'zod';

/** A rule that breaks one of the cases of its door. */
interface BrokenRule {
  door: DoorName;
  fails: string;
  // What it binds to is that of its door.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  rule: Rule<any, any>;
}

const ruleOf = <Bound>(bound: Bound): Rule<Bound, object> => ({
  name: 'broken',
  version: 1,
  summary: 'A rule of a test.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => bound,
});

const epsilonThat = (fails: string, change: Partial<EpsilonFunction>): BrokenRule => ({
  door: 'epsilons',
  fails,
  rule: ruleOf({ ...linearDecay.bind({ start: 0.01, end: 0, blocks: 100 }), ...change }),
});

const matching = meanLoss.bind({});
/** A match rule whose outcome is changed afterwards. */
const outcomeThat = (
  fails: string,
  change: (outcome: MatchOutcome, contenders: Parameters<MatchRule['play']>[0]) => MatchOutcome,
): BrokenRule => ({
  door: 'matchRules',
  fails,
  rule: ruleOf<MatchRule>({
    ...matching,
    *play(contenders, context): Steps<MatchOutcome> {
      return change(yield* matching.play(contenders, context), contenders);
    },
  }),
});
const matchThat = (fails: string, change: Partial<MatchRule>): BrokenRule => ({
  door: 'matchRules',
  fails,
  rule: ruleOf<MatchRule>({ ...matching, ...change }),
});
const withRecord = ({ records, winner }: MatchOutcome, change: object): MatchOutcome => ({
  winner,
  records: new Map([...records].map(([uid, record]) => [uid, { ...record, ...change }])),
});

const standingThat = (fails: string, change: Partial<AnyStandingRule>): BrokenRule => ({
  door: 'standingRules',
  fails,
  rule: ruleOf<AnyStandingRule>({ ...standing, ...change }),
});
const standing = winnerTakesAll.bind({ alpha: 0.5 });

const mergeThat = (fails: string, change: Partial<MergeRule>): BrokenRule => ({
  door: 'mergeRules',
  fails,
  rule: ruleOf<MergeRule>({ ...byShare.bind({ threshold: 0 }), ...change }),
});

const entrantsThat = (fails: string, change: Partial<AnyEntrantsRule>): BrokenRule => ({
  door: 'entrantsRules',
  fails,
  rule: ruleOf<AnyEntrantsRule>({ ...pool.bind({ count: 5, threshold: 0.001 }), ...change }),
});

// A test changes the rule whatever its state is.
const queueing = queue.bind(queue.parameters.parse({})) as EntrantsRule;
const takes = queueing.intake;
/** A queue whose intake is changed, and the rest of it where that is given. */
const queueThat = (
  fails: string,
  change: (intake: ClaimIntake<unknown>) => Partial<ClaimIntake<unknown>>,
  rest: Partial<EntrantsRule> = {},
): BrokenRule => {
  if (!takes) throw new Error('the queue takes no claims in');
  return {
    door: 'entrantsRules',
    fails,
    rule: ruleOf<AnyEntrantsRule>({ ...queueing, intake: { ...takes, ...change(takes) }, ...rest }),
  };
};

const schemeThat = (fails: string, change: Partial<CommitmentScheme>): BrokenRule => ({
  door: 'commitmentSchemes',
  fails,
  rule: ruleOf<CommitmentScheme>({ ...pretraining.bind({}), ...change }),
});

const entryThat = (fails: string, bound: EntryCheck): BrokenRule => ({
  door: 'entryChecks',
  fails,
  rule: ruleOf<EntryCheck>(bound),
});

const seedThat = (fails: string, change: Partial<SeedRule>): BrokenRule => ({
  door: 'seedRules',
  fails,
  rule: ruleOf<SeedRule>({ ...syncBlock.bind({ cadence: 100 }), ...change }),
});

const kind = textLoss.bind({ pages: 1, batchSize: 1, packSamples: true });
const kindThat = (fails: string, change: (base: TaskKind) => Partial<TaskKind>): BrokenRule => ({
  door: 'taskKinds',
  fails,
  rule: ruleOf<TaskKind>({
    better: kind.better,
    request: (given) => kind.request(given),
    samples: (drawn, given) => kind.samples(drawn, given),
    record: (result, prompts) => kind.record(result, prompts),
    judge: (record, task) => kind.judge(record, task),
    ...change(kind),
  }),
});

const MODEL = { namespace: 'miner', name: 'another', revision: '0'.repeat(40) };

let counter = 0;

export const BROKEN: readonly BrokenRule[] = [
  epsilonThat('stays in [0, 1)', { compute: () => 1, fullyDecayed: 1 }),
  epsilonThat('never grows with the age of a claim', { compute: (now, block) => Math.min(0.5, (now - block) / 1e6) }),
  epsilonThat('ends where it says', { fullyDecayed: 0.4 }),
  epsilonThat('looks at the age alone', { compute: (now) => 0.1 / (1 + now) }),
  epsilonThat('takes a claim of a later block for a new one', {
    compute: (now, block) => (now < block ? 0.9 : 0.1),
    fullyDecayed: 0.1,
  }),

  outcomeThat('gives the same outcome twice', (outcome) => withRecord(outcome, { values: { round: (counter += 1) } })),
  outcomeThat('changes nothing of what it is given', (outcome, contenders) => {
    (contenders as unknown[]).reverse();
    return outcome;
  }),
  matchThat('yields before a step takes long', {
    *play(contenders, context): Steps<MatchOutcome> {
      const before = process.cpuUsage();
      // The other cases have an incumbent, and would take minutes.
      while (context.incumbents.length === 0 && contenders.length > 1 && process.cpuUsage(before).user < 600_000);
      return yield* matching.play(contenders, context);
    },
  }),
  outcomeThat('names nobody but contenders', (outcome) => ({ ...outcome, winner: 999 })),
  outcomeThat('counts wins that are there', (outcome) => withRecord(outcome, { wins: 7, matches: 1, winRate: 7 })),
  outcomeThat('has a value for each of its columns and for nothing else', (outcome) =>
    withRecord(outcome, { values: { surprise: 1 } }),
  ),
  outcomeThat('lets one that is alone win', (outcome, { length }) =>
    length === 1 ? { ...outcome, winner: null } : outcome,
  ),
  outcomeThat('never lets a copy win', (outcome, all) => ({ ...outcome, winner: all.at(-1)?.uid ?? null })),
  outcomeThat('lets a much better later model win', (outcome, [first]) => ({ ...outcome, winner: first?.uid ?? null })),
  matchThat('heeds the margin of a later model', {
    play: (contenders, context) =>
      matching.play(
        contenders.map((one) => ({ ...one, margin: 0 })),
        context,
      ),
  }),
  outcomeThat('never lets a worse later model win', (outcome, all) => ({
    ...outcome,
    winner: all.at(-1)?.uid ?? null,
  })),
  outcomeThat('takes scores below zero, of which less is better too', (outcome, all) =>
    all.every(({ score }) => score < 0) ? { ...outcome, winner: all.at(-1)?.uid ?? null } : outcome,
  ),
  matchThat('has a bar that no incumbent clears', { bar: ({ score }) => ({ score: score + 1, about: 'higher' }) }),
  matchThat('needs no more samples than there are', { samplesNeeded: (total) => total + 1 }),

  outcomeThat('names no winner while a contender plays again, and decides in the end', (outcome) =>
    withRecord(outcome, { playsAgain: true }),
  ),
  matchThat('stops after whole parts', { earlyStop: { every: 0.5, stops: () => false } }),
  matchThat('lets no challenger win a round that it has stopped', { earlyStop: { every: 20, stops: () => true } }),
  matchThat('tells of contenders only what it takes to know', {
    samplesToKnow: () => [{ uid: 99, samples: 1, chance: 1 }],
  }),

  standingThat('begins with a state that the journal can hold', { state: z.any(), first: { at: new Date(0) } }),
  standingThat('defends models each of another hotkey, and the one that has won', {
    defenders: () => [{ hotkey: 'hotkey-2', block: 0, reference: MODEL }],
  }),
  standingThat('goes on defending a model whose owner has left, and gives its share to no other hotkey', {
    state: z.any(),
    next: (_before, { contenders, winner }) => {
      const won = contenders.find(({ uid }) => uid === winner && uid >= 0);
      const king = won ?? { hotkey: 'nobody', block: 0, reference: MODEL };
      return { state: [king], values: new Map() };
    },
    defenders: (kings: Defender[]) => kings,
  }),
  standingThat('keeps a state that the journal can hold', {
    state: z.any(),
    next: (before, round) => ({
      ...standing.next(undefined, round),
      state: { at: new Date(0), before: Boolean(before) },
    }),
    shares: () => [],
    incumbents: () => [],
  }),
  standingThat('goes on the same way from the same state', {
    state: z.any(),
    next: (_before, round) => ({ ...standing.next(undefined, round), state: { round: (counter += 1) } }),
    shares: () => [],
    incumbents: () => [],
  }),
  standingThat('leaves the state before as it was', {
    next: (before: { weights: number[]; hotkeys: string[] } | undefined, round) => {
      const after = standing.next(before, round);
      before?.weights.fill(0);
      return after;
    },
  }),
  standingThat('hands out shares from 0, and no more than everything', {
    shares: (_state, seats) => seats.map(() => 1),
  }),
  standingThat('gives something to who has won', { shares: () => [], incumbents: () => [] }),
  standingThat('gives nothing to hotkeys that are not registered', {
    shares: ({ weights }: { weights: number[] }) => weights,
  }),
  standingThat('takes a subnet that grows', {
    shares: (state: { weights: number[]; hotkeys: string[] }, seats) =>
      seats.length > 8 ? seats.map(() => 0) : standing.shares(state, seats),
  }),
  standingThat('calls incumbent who holds weight', { incumbents: () => [] }),
  standingThat('has values for its columns and for nothing else', { columns: [] }),

  mergeThat('gives the same weights twice and changes nothing of what it is given', {
    apply: (weights) => weights.map((weight) => weight + (counter += 1)),
  }),
  mergeThat('gives one weight to each uid, from 0', { apply: (weights) => weights.slice(1) }),
  mergeThat('gives nothing to uids that nobody has', { apply: (weights) => weights.map(() => 0.1) }),
  mergeThat('says whether it takes what nobody has earned', { takesTheRest: true, apply: (weights) => [...weights] }),

  entrantsThat('lets nobody play who does not wait, and nobody twice', { select: () => ['somebody'] }),
  entrantsThat('lets somebody play where somebody waits for the first round', { select: () => [] }),
  entrantsThat('selects the same twice and changes nothing of what it is given', {
    select: (_state, waiting) => waiting.slice(0, 1 + ((counter += 1) % 2)).map(({ hotkey }) => hotkey),
  }),
  entrantsThat('keeps a state that the journal can hold', {
    state: z.any(),
    next: () => ({ state: new Map(), keep: [] }),
  }),
  entrantsThat('keeps only uids that played, ascending', { next: () => ({ state: null, keep: [7, 1] }) }),
  entrantsThat('does not turn away whom this machine could not score', {
    state: z.array(z.string()),
    select: (used: string[] | undefined, waiting) =>
      waiting.map(({ hotkey }) => hotkey).filter((hotkey) => !used?.includes(hotkey)),
    next: (_state, { contenders }) => ({ state: contenders.map(({ hotkey }) => hotkey), keep: [] }),
  }),
  entrantsThat('answers whether a model comes again, whatever its history', {
    again: (history) => (history.length > 0 ? true : (undefined as unknown as boolean)),
  }),
  queueThat('queues each hotkey once, in the order of the claims, as they were made', (intake) => ({
    queue: (state) => [...intake.queue(state)].reverse(),
  })),
  queueThat('takes a claim in to a state that the journal can hold, and counts its marks', () => ({
    marked: () => NO_MARKS,
  })),
  queueThat('takes a claim in the same way twice, and changes nothing of the state before', (intake) => ({
    take: (state, claim, context) => {
      const taken = intake.take(state, claim, context);
      return taken.status === 'queued' ? { ...taken, marks: [...taken.marks, String((counter += 1))] } : taken;
    },
  })),
  queueThat('lets one leave alone, and remembers it', () => ({ leave: (state) => state })),
  queueThat('selects the first of the queue before all others, except where the operator denies it', () => ({}), {
    select: (_state, waiting) => waiting.slice(0, 1).map(({ hotkey }) => hotkey),
  }),
  queueThat('keeps the turn of one that could not be scored here, and ends that of one that was', () => ({}), {
    next: (state) => ({ state, keep: [] }),
  }),
  schemeThat('reads what it writes', { format: () => 'something else' }),
  schemeThat('writes at most 1,024 bytes', {
    format: (claim, hotkey) => pretraining.bind({}).format(claim, hotkey) + ' '.repeat(2000),
    parse: (text) => pretraining.bind({}).parse(text.trimEnd()),
  }),
  schemeThat('refuses nonsense with a code, as the fault of the miner', {
    parse: () => {
      throw new TypeError('no code');
    },
  }),
  schemeThat('binds the files or the revision', { proofOf: () => 'the same' }),
  schemeThat('gives the same proof twice', { proofOf: () => String((counter += 1)) }),
  schemeThat('counts only files that the repo has, and never code or a pickle', {
    filesThatCount: (files) => [...files],
  }),

  entryThat('looks at something, and tells each thing that it looked at', {}),
  entryThat('finds the same twice and changes nothing of what it is given', {
    listed: () => [{ name: 'counter', found: (counter += 1), limit: 0 }],
  }),
  entryThat('refuses with a code, as the fault of the miner', {
    listed: () => [{ name: 'size', found: 1, limit: 0, error: judgingErrors.NO_FINITE_SCORE({ contenders: 0 }) }],
  }),

  entryThat('says what it compares by, where it compares', {
    compared: () => [{ name: 'copies', found: 0, limit: 1 }],
  }),
  entryThat('has nothing against a model that is like no other', {
    compares: { share: 0.5 },
    compared: ({ like }) => [{ name: 'copies', found: like.length, limit: 1, margin: 0.1 }],
  }),
  entryThat('raises margins from 0 below 1', {
    compares: { share: 0.5 },
    compared: ({ like }) => [{ name: 'copies', found: like.length, limit: 1, margin: like.length }],
  }),

  seedThat('takes a block that the chain has', { blockOf: ({ block }) => block + 1 }),
  seedThat('gives an integer from 0, the same one twice', { seedOf: () => -1n }),
  seedThat('differs where the hash differs', { seedOf: () => 5n }),

  kindThat('asks for some amount of data', (base) => ({ request: (given) => ({ ...base.request(given), pages: 0 }) })),
  kindThat('scores samples of what was drawn, the same twice', () => ({
    samples: () => ({ samples: [], parameters: {}, prompts: [] }),
  })),
  kindThat('names the page of every sample, or of none', (base) => ({
    samples: (drawn, given) => ({ ...base.samples(drawn, given), clusters: [0] }),
  })),
  kindThat('gives the evaluator plain data', (base) => ({
    samples: (drawn, given) => ({ ...base.samples(drawn, given), parameters: { at: Number.NaN } }),
  })),
  kindThat('has a finite score for finite losses, the same twice', () => ({
    judge: ({ losses }) => ({ refusal: null, score: Number.NaN, losses }),
  })),
  kindThat('tells better losses from worse ones', () => ({
    judge: ({ losses }) => ({ refusal: null, score: 1, losses }),
  })),
  kindThat('refuses losses that are no numbers, as the fault of the miner', () => ({
    judge: ({ losses }) => ({ refusal: null, score: losses[1] ?? 0, losses }),
  })),

  {
    door: 'epsilons',
    fails: 'refuses parameters that it does not know',
    rule: { ...fixed, parameters: z.looseObject({ epsilon: z.number() }) },
  },
  {
    door: 'epsilons',
    fails: 'takes the parameters of its examples, and gives them back as plain data',
    rule: { ...fixed, examples: [{ epsilon: 2 }] },
  },
];
