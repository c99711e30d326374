import { isDeepStrictEqual } from 'node:util';
import type { AnyEntrantsRule, ClaimIntake, Intake, TakenClaim } from '../../contracts/entrants-rule.js';
import { withMarks } from '../../judging/mark-count.js';
import { demand } from '../checks.js';
import { NOW, referenceOf } from './worlds.js';

type Case = (rule: AnyEntrantsRule) => void;
// The state is whatever the rule's own schema reads.
type AnyIntake = ClaimIntake<unknown>;

const claimOf = (uid: number): TakenClaim => ({
  ...{ uid, hotkey: `hotkey-${uid}`, coldkey: `coldkey-${uid}`, block: NOW - 1000 + uid },
  ...{ commitment: `claim of ${uid}`, reference: referenceOf(uid) },
});
const UIDS = [2, 3, 4, 5];

/** The state after claims of these uids, one after the other, and the marks that were made. */
export function takenIn(
  intake: AnyIntake,
  uids: readonly number[] = UIDS,
): { state: unknown; marks: Set<string>; steps: { before: unknown; taken: Intake<unknown> }[] } {
  const marks = new Set<string>();
  const steps: { before: unknown; taken: Intake<unknown> }[] = [];
  let state: unknown;
  for (const uid of uids) {
    const context = { block: NOW, incumbents: [], isMarked: (mark: string) => marks.has(mark) };
    const taken = intake.take(state, claimOf(uid), context);
    steps.push({ before: state, taken });
    if (taken.status === 'ignored') continue;
    state = taken.state;
    for (const mark of taken.marks) marks.add(mark);
  }
  return { state, marks, steps };
}

const hotkeysIn = (intake: AnyIntake, state: unknown): string[] => intake.queue(state).map(({ hotkey }) => hotkey);

/** Cases of rules that take claims in; the others hold without them. */
const where =
  (check: (intake: AnyIntake, rule: AnyEntrantsRule) => void): Case =>
  (rule) => {
    if (rule.intake) check(rule.intake, rule);
  };

export const INTAKE_CASES: Readonly<Record<string, Case>> = {
  'queues each hotkey once, in the order of the claims, as they were made': where((intake) => {
    const { state } = takenIn(intake, [...UIDS, ...UIDS]);
    const queued = intake.queue(state).map(({ uid, hotkey, block, commitment, reference }) => ({
      ...{ uid, hotkey, block, commitment, reference },
    }));
    const wanted = UIDS.map(claimOf).map(({ uid, hotkey, block, commitment, reference }) => ({
      ...{ uid, hotkey, block, commitment, reference },
    }));
    demand(isDeepStrictEqual(queued, wanted), `it queues ${queued.map(({ hotkey }) => hotkey).join(' ')}`);
    const late = hotkeysIn(intake, takenIn(intake, UIDS.toReversed()).state);
    const inOrder = UIDS.map((uid) => claimOf(uid).hotkey);
    demand(isDeepStrictEqual(late, inOrder), `of claims that come late, the turns are ${late.join(' ')}`);
  }),
  'takes a claim in to a state that the journal can hold, and counts its marks': where((intake, rule) => {
    for (const { before, taken } of takenIn(intake).steps) {
      if (taken.status === 'ignored') continue;
      const read: unknown = rule.state.parse(JSON.parse(JSON.stringify(taken.state)));
      demand(isDeepStrictEqual(read, taken.state), 'its state is another after it was written and read');
      const counted = withMarks(intake.marked(before), taken.marks);
      demand(isDeepStrictEqual(intake.marked(taken.state), counted), 'its state counts other marks than it makes');
    }
  }),
  'takes a claim in the same way twice, and changes nothing of the state before': where((intake) => {
    const { state, marks } = takenIn(intake);
    const given = structuredClone(state);
    const context = { block: NOW, incumbents: [], isMarked: (mark: string) => marks.has(mark) };
    const [one, other] = [6, 6].map((uid) => intake.take(state, claimOf(uid), context));
    demand(isDeepStrictEqual(one, other), 'the second time it makes something else of it');
    demand(isDeepStrictEqual(given, state), 'the state before is another after it');
  }),
  'lets one leave alone, and remembers it': where((intake) => {
    const { state } = takenIn(intake);
    const [first = '', ...others] = hotkeysIn(intake, state);
    const after = intake.leave(state, first);
    demand(isDeepStrictEqual(hotkeysIn(intake, after), others), `${hotkeysIn(intake, after).join(' ')} are left`);
    demand(isDeepStrictEqual(intake.marked(after), intake.marked(state)), 'it forgets marks');
  }),
  'selects the first of the queue before all others, except where the operator denies it': where((intake, rule) => {
    const { state } = takenIn(intake);
    const queue = intake.queue(state);
    const [first = '', second = ''] = hotkeysIn(intake, state);
    const waiting = queue.map(({ uid, hotkey, block }) => ({ uid, hotkey, block, digest: hotkey, isKept: false }));
    const context = { block: NOW, incumbents: [] };
    const later = rule.select(state, waiting.slice(1), context);
    demand(later.length === 0, `${later.join(' ')} plays while the model of ${first} is not here`);
    const denied = rule.select(state, waiting, { ...context, denied: [first] });
    demand(denied.includes(second) && !denied.includes(first), `${first} is denied, and ${denied.join(' ')} plays`);
  }),
  'keeps the turn of one that could not be scored here, and ends that of one that was': where((intake, rule) => {
    const { state } = takenIn(intake);
    const [first] = intake.queue(state);
    if (!first) return;
    const after = (outcome: 'waiting' | 'scored'): string[] => {
      const score = outcome === 'scored' ? 2 : null;
      const contender = { ...first, digest: 'model', score, record: null, outcome };
      const round = { contenders: [contender], winner: null, seats: [], block: NOW, shares: [] };
      return hotkeysIn(intake, rule.next(state, round).state);
    };
    demand(after('waiting')[0] === first.hotkey, `${first.hotkey} has lost its turn`);
    demand(!after('scored').includes(first.hotkey), `${first.hotkey} has another turn`);
  }),
};
