import type { Competition } from '../competition/competition.js';
import type { SubnetProfile } from '../competition/profile.js';
import { finiteScore } from '../contracts/brands.js';
import { messageOf } from '../errors/describe.js';
import { scoreModel, taskWeight } from '../judging/score.js';
import { judgeRound, type RoundVerdict } from '../judging/verdict.js';
import type { JudgedContender } from '../judging/round-input.js';
import { bindRules, choicesAt, type ChosenRules } from '../rules/chosen.js';
import { requireRules } from '../rules/require-rules.js';
import type { RuleBook } from '../rules/rule-book.js';
import { demand, type Check, type Checks, type DependentCheck } from './checks.js';
import { EPSILON_CASES } from './rules/epsilon-cases.js';
import { referenceOf } from './rules/worlds.js';

/** Of the smallest type in which weights are published: half precision. */
const BYTES_PER_PARAMETER = 2;
const BLOCK = 1_000_000;
/** A loss that a language model may have. */
const LOSS = 2.5;

/** Stands for the profile's rules where a competition leaves its standing to them. */
const PROFILE = {
  syncCadence: 100,
  sampleMin: 5,
  keepThreshold: 0.001,
  rules: [
    {
      fromBlock: 0,
      standing: { rule: 'softmax-average', temperature: 0.01, alpha: 0.5 },
      merge: [{ rule: 'by-share' }],
    },
  ],
};

const CHOOSES_RULES = 'chooses rules that are installed, with parameters that they take';

/** What every competition has to be. Its data has passed the schema already. */
export function competitionChecks(competition: Competition, book: RuleBook): Checks {
  const { constraints, tasks } = competition;
  const rules = (): ChosenRules =>
    bindRules(book, choicesAt(PROFILE, competition, 0), `competition ${competition.name}`);
  const judge = (...models: [loss: number, age: number][]): RoundVerdict => judged(rules(), models);
  const ruled = (run: Check): DependentCheck => ({ needs: CHOOSES_RULES, run });
  return {
    [CHOOSES_RULES]: () => {
      rules();
    },
    'is plain data: it can be recorded, shown and replayed': () => {
      demand(JSON.stringify(copyOf(competition)) === JSON.stringify(competition), 'a copy of it is another');
      demand(
        Object.values(competition).every((value) => typeof value !== 'function'),
        'it holds a function',
      );
    },
    'leaves room for a model: the smallest fits into the bytes allowed': () => {
      const smallest = constraints.minParameters * BYTES_PER_PARAMETER;
      demand(
        smallest <= constraints.maxBytes,
        `${constraints.minParameters} parameters need ${smallest} bytes, ${constraints.maxBytes} are allowed`,
      );
    },
    'has an epsilon in [0, 1) that never grows with age, and ends where it says': ruled(() => {
      for (const run of Object.values(EPSILON_CASES)) run(rules().epsilon.rule);
    }),
    'scores what every task gives, and nothing else': () => {
      const raw = tasks.map(({ name, weight, normalization }) => ({
        name,
        rawScore: LOSS,
        weight: taskWeight(weight, 10),
        normalization,
      }));
      demand(Number.isFinite(scoreModel(raw).score), 'finite losses give no finite score');
      for (const spoiled of raw) {
        for (const rawScore of [Number.NaN, Number.POSITIVE_INFINITY]) {
          demand(
            !Number.isFinite(scoreModel(raw.map((one) => (one === spoiled ? { ...one, rawScore } : one))).score),
            `${rawScore} in ${spoiled.name} is scored`,
          );
        }
      }
    },
    'gives a tie to the earlier model': ruled(() => {
      demand(judge([LOSS, 100], [LOSS, 0]).winner?.uid === 0, 'the later of two equal models wins');
    }),
    'gives a win to a later model that is clearly better': ruled(() => {
      demand(
        judge([LOSS, 100], [LOSS * (1 - rules().epsilon.rule.compute(0, 0)) * 0.99, 0]).winner?.uid === 1,
        'it does not',
      );
    }),
    'gives nothing to a model without a finite loss': ruled(() => {
      const { winner, contenders } = judge([Number.NaN, 100], [LOSS, 0]);
      demand(winner?.uid === 1 && contenders.find(({ uid }) => uid === 0)?.share === 0, 'NaN has weight');
    }),
    'decides nothing when no model has a finite loss': ruled(() => {
      demand(judge([Number.NaN, 100], [Number.POSITIVE_INFINITY, 0]).void !== null, 'somebody wins');
    }),
  };
}

export function profileChecks(
  profile: SubnetProfile,
  competitions: readonly Competition[],
  book: RuleBook,
): Record<string, Check> {
  return {
    'chooses rules that are installed, and hands out no more and no less than everything': () => {
      requireRules(book, profile);
    },
    'names competitions that are there, or that some other package has': () => {
      for (const { id, name } of profile.schedule.flatMap((entry) => entry.competitions)) {
        const own = competitions.filter((competition) => competition.id === id);
        demand(
          name !== undefined || own.length <= 1,
          `the schedule means one of ${own.map((one) => one.name).join(', ')} by ${id} and does not say which`,
        );
        const named = competitions.find((competition) => competition.name === name);
        demand(
          named === undefined || named.id === id,
          `the schedule has ${name ?? ''} as ${id}, and it is ${named?.id ?? ''}`,
        );
      }
    },
    'lets a commitment rest for at least one sync block, so that nobody knows the data before': () => {
      demand(
        profile.evaluationDelay >= profile.syncCadence,
        `${profile.evaluationDelay} blocks of rest, a sync block every ${profile.syncCadence}`,
      );
    },
  };
}

function copyOf<T>(value: T): T {
  try {
    return structuredClone(value);
  } catch (error) {
    demand(false, `it can not be copied: ${messageOf(error)}`);
  }
}

/** @param models loss and age in blocks; the uid is the position */
function judged(
  { epsilon, match, standing, entrants }: ChosenRules,
  models: readonly [loss: number, age: number][],
): RoundVerdict {
  const contenders = models.map(([loss, age], uid): JudgedContender => {
    const score = finiteScore(loss);
    const failed = {
      code: 'NON_FINITE_SCORE',
      message: '',
      hint: '',
      fault: 'miner',
      retry: 'never',
      payload: {},
    } as const;
    const outcome: JudgedContender['outcome'] =
      score === undefined
        ? { status: 'failed', error: failed }
        : { status: 'scored', score, tasks: [{ name: 'task', weight: 1, losses: new Array<number>(100).fill(loss) }] };
    return {
      uid,
      hotkey: `hotkey ${uid}`,
      block: BLOCK - age,
      digest: String(uid),
      reference: referenceOf(uid),
      outcome,
    };
  });
  return judgeRound(
    {
      contenders,
      seats: contenders.map(({ uid, hotkey }) => ({ uid, hotkey })),
      standingBefore: null,
      entrantsBefore: null,
      drawn: [{ task: 'task', samples: 100 }],
      block: BLOCK,
      seed: 1n,
    },
    { epsilon: epsilon.rule, match: match.rule, standing, entrants, keepThreshold: PROFILE.keepThreshold },
  );
}
