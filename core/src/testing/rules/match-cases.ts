import { isDeepStrictEqual } from 'node:util';
import type { MatchOutcome, MatchRule, ScoredContender } from '../../contracts/match-rule.js';
import { finish } from '../../judging/steps.js';
import { demand } from '../checks.js';
import { asOneTask, context, contender, FIELDS, partOf } from './worlds.js';

type Case = (rule: MatchRule) => void;

const played = (
  rule: MatchRule,
  contenders: readonly ScoredContender[],
  incumbents: readonly string[] = contenders.slice(0, 1).map(({ hotkey }) => hotkey),
): MatchOutcome => finish(rule.play(contenders, context(incumbents)));

/** More rounds in a row than any rule may ask for. */
const ROUNDS_AT_MOST = 100;

/** The same, played until nobody plays again. */
function decided(rule: MatchRule, contenders: readonly ScoredContender[]): MatchOutcome {
  const incumbents = contenders.slice(0, 1).map(({ hotkey }) => hotkey);
  for (let repetition = 1; repetition <= ROUNDS_AT_MOST; repetition += 1) {
    const outcome = finish(rule.play(contenders, { ...context(incumbents), repetition }));
    const again = [...outcome.records].flatMap(([uid, { playsAgain }]) => (playsAgain ? [uid] : []));
    if (again.length === 0) return outcome;
    demand(
      outcome.winner === null || !again.includes(outcome.winner),
      `uid ${outcome.winner ?? ''} wins and plays again`,
    );
  }
  demand(false, `nothing is decided after ${ROUNDS_AT_MOST} rounds`);
}

/** The outcome of each field that the rule stops, where it stops it; contenders have one task. */
function stoppedFields(rule: MatchRule): (readonly [name: string, challengers: readonly number[], MatchOutcome])[] {
  const { earlyStop } = rule;
  if (!earlyStop) return [];
  return FIELDS.flatMap(([name, field]) => {
    const [whole, drawn] = asOneTask(field);
    const incumbents = whole.slice(0, 1).map(({ hotkey }) => hotkey);
    const given = { ...context(incumbents), drawn };
    const samples = drawn.reduce((sum, one) => sum + one.samples, 0);
    for (let done = earlyStop.every; done < samples; done += earlyStop.every) {
      const part = partOf(whole, done);
      if (!earlyStop.stops(part, given)) continue;
      const challengers = part.slice(1).map(({ uid }) => uid);
      return [[name, challengers, finish(rule.play(part, given))] as const];
    }
    return [];
  });
}

const everyField = (judge: (name: string, contenders: readonly ScoredContender[]) => void): void => {
  for (const [name, contenders] of FIELDS) judge(name, contenders);
};

/** Milliseconds of this process's work in one step, in the small fields of these cases; a rule means to need a few. */
const STEP_AT_MOST = 500;

/** The longest step of a round, in milliseconds of work: time in which other programs run does not count. */
function longestStep(rule: MatchRule, contenders: readonly ScoredContender[]): number {
  const steps = rule.play(contenders, context([]));
  for (let longest = 0; ;) {
    const before = process.cpuUsage();
    const { done } = steps.next();
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    if (done === true) return longest;
  }
}

/** What every match rule has to do. The earliest contender of each field is the incumbent. */
export const MATCH_CASES: Readonly<Record<string, Case>> = {
  'gives the same outcome twice': (rule) => {
    everyField((name, contenders) => {
      demand(isDeepStrictEqual(played(rule, contenders), played(rule, contenders)), `${name}: the second one differs`);
    });
  },
  'changes nothing of what it is given': (rule) => {
    everyField((name, contenders) => {
      const given = structuredClone(contenders);
      played(rule, contenders);
      demand(isDeepStrictEqual(given, contenders), `${name}: a contender is another after it`);
    });
  },
  'yields before a step takes long': (rule) => {
    everyField((name, contenders) => {
      const longest = longestStep(rule, contenders);
      demand(longest < STEP_AT_MOST, `${name}: ${Math.round(longest)} ms of work without a yield`);
    });
  },
  'names nobody but contenders': (rule) => {
    everyField((name, contenders) => {
      const { records, winner } = played(rule, contenders);
      const uids = new Set(contenders.map(({ uid }) => uid));
      demand(winner === null || uids.has(winner), `${name}: uid ${winner ?? ''} wins`);
      demand(winner === null || records.has(winner), `${name}: the winner has no record`);
      for (const uid of records.keys()) demand(uids.has(uid), `${name}: uid ${uid} has a record`);
    });
  },
  'counts wins that are there': (rule) => {
    everyField((name, contenders) => {
      for (const { wins, matches, winRate } of played(rule, contenders).records.values()) {
        demand(wins >= 0 && wins <= matches, `${name}: ${wins} wins in ${matches} matches`);
        demand(winRate >= 0 && winRate <= 1, `${name}: a win rate of ${winRate}`);
      }
    });
  },
  'has a value for each of its columns and for nothing else': (rule) => {
    const keys = new Set(rule.columns.map(({ key }) => key));
    everyField((name, contenders) => {
      for (const { values = {} } of played(rule, contenders).records.values())
        for (const key of Object.keys(values)) demand(keys.has(key), `${name}: no column is called ${key}`);
    });
  },
  'lets one that is alone win': (rule) => {
    demand(played(rule, [contender(3, 2.5, 100)], []).winner === 3, 'it does not');
  },
  'never lets a copy win': (rule) => {
    const [original, copy] = [contender(1, 2.5, 900), contender(2, 2.5, 10)];
    demand(played(rule, [original, copy]).winner !== copy.uid, 'the later of two equal models wins');
  },
  'lets a much better later model win': (rule) => {
    const outcome = decided(rule, [contender(1, 2.5, 900), contender(2, 1.9, 10)]);
    demand(outcome.winner === 2, 'the earlier one wins with a loss of 2.5 against 1.9');
  },
  'heeds the margin of a later model': (rule) => {
    const near = { ...contender(2, 1.9, 10), margin: 0.5 };
    demand(played(rule, [contender(1, 2.5, 900), near]).winner !== near.uid, 'a near copy with a margin of 0.5 wins');
  },
  'never lets a worse later model win': (rule) => {
    demand(played(rule, [contender(1, 2.5, 900), contender(2, 3.1, 10)]).winner !== 2, 'it wins');
  },
  'takes scores below zero, of which less is better too': (rule) => {
    const outcome = decided(rule, [contender(1, -2, 900), contender(2, -2.6, 10)]);
    demand(outcome.winner === 2, 'the score -2 wins against -2.6');
    demand(played(rule, [contender(1, -2, 900), contender(2, -2, 10)]).winner !== 2, 'a copy wins');
  },
  'names no winner while a contender plays again, and decides in the end': (rule) => {
    everyField((_name, contenders) => {
      decided(rule, contenders);
    });
  },
  'stops after whole parts': ({ earlyStop }) => {
    const { every } = earlyStop ?? { every: 1 };
    demand(Number.isInteger(every) && every >= 1, `a part has ${every} samples`);
  },
  'lets no challenger win a round that it has stopped': (rule) => {
    for (const [name, challengers, { winner }] of stoppedFields(rule))
      demand(winner === null || !challengers.includes(winner), `${name}: uid ${winner ?? ''} wins`);
  },
  'tells of contenders only what it takes to know': (rule) => {
    everyField((name, contenders) => {
      const uids = contenders.map(({ uid }) => uid);
      const incumbents = contenders.slice(0, 1).map(({ hotkey }) => hotkey);
      for (const { uid, samples, chance } of rule.samplesToKnow?.(contenders, context(incumbents)) ?? []) {
        demand(uids.includes(uid), `${name}: it tells of uid ${uid}`);
        demand(samples === null || (Number.isInteger(samples) && samples >= 1), `${name}: ${samples ?? ''} samples`);
        demand(chance >= 0 && chance <= 1, `${name}: a chance of ${chance}`);
      }
    });
  },
  'has a bar that no incumbent clears': (rule) => {
    for (const score of [2.5, -2]) {
      const bar = rule.bar(contender(1, score, 900), context(['hotkey-1']));
      demand(bar.score <= score, `the bar is ${bar.score} for an incumbent with ${score}`);
      demand(bar.about.length > 0, 'it is not told in words');
    }
  },
  'needs no more samples than there are': (rule) => {
    for (const total of [1, 37, 10_000]) {
      const needed = rule.samplesNeeded(total);
      demand(Number.isInteger(needed) && needed >= 1 && needed <= total, `it needs ${needed} of ${total}`);
    }
  },
};
