import {
  HISTORY_LENGTH,
  nextState,
  type JudgingState,
  type StatedRound,
  type StatedVerdict,
} from '@assay/core/judging/next-state';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { statedRecords } from '@assay/core/runtime/recorded-rounds';
import { describe, expect, it } from 'vitest';
import { newSubnet } from '../runtime/subnet.js';

const BY = { rule: 'test', version: 1, parameters: {} };
const standing = (of: number) => ({ by: BY, state: { of } });

const contender = (uid: number, fault?: 'miner' | 'validator'): StatedRound['contenders'][number] => ({
  uid,
  hotkey: `h${uid}`,
  commitment: `c${uid}`,
  block: 1,
  outcome: fault ? { status: 'failed', error: { fault } } : { status: 'scored' },
});

const round = (contenders: StatedRound['contenders'], change: Partial<StatedRound> = {}): StatedRound => ({
  block: 10,
  competition: { id: 1 },
  schedule: [{ id: 1 }, { id: 2 }],
  contenders,
  ...change,
});

const verdict = (change: Partial<StatedVerdict> = {}): StatedVerdict => ({
  void: null,
  standing: standing(1),
  entrants: null,
  keep: [],
  winner: { block: 1, score: 2 },
  contenders: [{ uid: 3, score: 2 }],
  ...change,
});

const EMPTY = { standing: undefined, entrants: undefined, pending: [], kept: [], history: new Map<string, []>() };
const before: JudgingState = new Map([
  [1, { ...EMPTY, pending: ['h3', 'h9'], kept: ['h4'] }],
  [2, { ...EMPTY, standing: standing(2), entrants: { by: BY, state: 1 }, kept: ['h7'] }],
]);

describe('nextState', () => {
  it('keeps who is kept, lets wait who was not judged or could not be scored here, and notes the results', () => {
    const judged = round([contender(3), contender(4, 'miner'), contender(5, 'validator')]);
    const after = nextState(before, judged, verdict({ keep: [3] })).get(1);
    expect(after).toMatchObject({ standing: standing(1), pending: ['h9', 'h5'], kept: ['h3'] });
    expect([...(after?.history ?? [])]).toEqual([
      ['h3', [{ block: 10, score: 2, winnerBlock: 1, winnerScore: 2 }]],
      ['h4', [{ block: 10, score: null, winnerBlock: 1, winnerScore: 2 }]],
    ]);
  });

  it('changes nothing after a void round, and nothing of what it was given', () => {
    const copy = structuredClone(before);
    expect(nextState(before, round([contender(3)]), verdict({ void: { code: 'X' } }))).toBe(before);
    nextState(before, round([contender(3)]), verdict());
    expect(before).toEqual(copy);
  });

  it('leaves who has committed anew meanwhile on the list, without a result', () => {
    const after = nextState(before, round([contender(3)]), verdict({ keep: [3] }), ({ uid }) => uid !== 3).get(1);
    expect(after).toMatchObject({ pending: ['h3', 'h9', 'h4'], kept: [] });
    expect(after?.history.size).toBe(0);
  });

  it('drops the standing of a competition that has left the schedule, and only that', () => {
    const after = nextState(before, round([contender(3)], { schedule: [{ id: 1 }] }), verdict());
    expect(after.get(2)).toMatchObject({ standing: undefined, entrants: undefined, kept: ['h7'] });
    expect(nextState(before, round([contender(3)]), verdict()).get(2)).toBe(before.get(2));
  });

  it(`remembers the last ${HISTORY_LENGTH} results`, () => {
    let state: JudgingState = new Map();
    for (const block of [1, 2, 3, 4, 5]) state = nextState(state, round([contender(3)], { block }), verdict());
    expect(
      state
        .get(1)
        ?.history.get('h3')
        ?.map(({ block }) => block),
    ).toEqual([3, 4, 5]);
  });
});

it('from the recorded rounds alone there follows what the run has stored', async () => {
  const subnet = await newSubnet();
  const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  for (const [uid, loss] of [
    [3, 2.5],
    [4, 2.4],
    [5, 2.3],
  ] as const) {
    subnet.commit(uid, `m${uid}`, loss);
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(uid), 5100, false, subnet.signal);
    await loop.pass(subnet.signal);
  }
  const { state } = subnet.deps;
  let derived: JudgingState = new Map();
  for (const record of statedRecords(state.journal))
    if (record.type === 'round') derived = nextState(derived, record.round.entry, record.round.verdict);
  const { standing: held, kept, history } = derived.get(1) ?? EMPTY;
  expect(held).toEqual(state.standing(1));
  expect(kept).toEqual(state.contenders(1).kept);
  expect(Object.fromEntries(history)).toEqual(
    Object.fromEntries(
      [3, 4, 5].map((uid) => [subnet.neuron(uid).hotkey, state.history(1, subnet.neuron(uid).hotkey)]),
    ),
  );
});
