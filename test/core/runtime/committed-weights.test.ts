import { asBlockNumber } from '@assay/core/contracts/brands';
import type { SubmissionFate } from '@assay/core/contracts/chain-client';
import { describe, expect, it } from 'vitest';
import {
  blockAt,
  failure,
  MINUTE,
  newScript,
  reopened,
  scriptedSubnet,
  settingOf,
  shows,
  unreachable,
  type Script,
} from './scripted-weights.js';
import type { Subnet } from './subnet.js';

const COMMITTED = 5001;
const REVEAL = 5020;
const revealBy = (by: 'chain' | 'validator', block = REVEAL) => ({ block: asBlockNumber(block), by });
const stillCommitted = (by: 'chain' | 'validator', waitsFor?: string): SubmissionFate => ({
  status: 'committed',
  at: blockAt(COMMITTED),
  reveal: revealBy(by),
  ...(waitsFor === undefined ? {} : { waitsFor }),
});

/** A subnet whose weights were committed once at block 5001, and a script that says what happens next. */
async function committed(by: 'chain' | 'validator', change: Partial<Script> = {}): Promise<[Subnet, Script]> {
  const script = newScript({
    send: () => Promise.resolve({ at: blockAt(COMMITTED), mode: 'committed', reveal: revealBy(by) }),
    fate: () => Promise.resolve(stillCommitted(by)),
    seen: shows(COMMITTED, COMMITTED),
    ...change,
  });
  const subnet = await scriptedSubnet(script);
  expect(await settingOf(subnet).trySet(subnet.signal)).toBe(true);
  return [subnet, script];
}

describe('committed weights', () => {
  it.each([
    ['validator', [{ code: 'REVEAL_OWED', payload: { committedAt: COMMITTED, block: REVEAL } }]],
    ['chain', []],
  ] as const)(
    'that the %s has to reveal: the end of a run warns of those for which it has to be there',
    async (by, told) => {
      const [subnet] = await committed(by);
      settingOf(subnet).warnOfReveals();
      settingOf(subnet, { hotkey: subnet.neuron(1).hotkey }).warnOfReveals();
      expect(subnet.told('warning').map(({ error }) => error)).toMatchObject(told);
      expect(subnet.told('warning')).toHaveLength(told.length);
    },
  );

  it('are reported as committed, kept, and not asked for before they can be revealed', async () => {
    const [subnet, script] = await committed('chain');
    expect(subnet.told('weights-set')).toMatchObject([
      { block: COMMITTED, confirmed: false, reveal: { block: REVEAL, by: 'chain' } },
    ]);
    expect(subnet.deps.state.weightCommits()).toEqual([
      { ticket: 0, block: COMMITTED, reveal: revealBy('chain'), hotkey: subnet.hotkey },
    ]);
    script.seen = shows(COMMITTED, REVEAL - 1);
    await subnet.clock.run(settingOf(subnet), 10 * MINUTE);
    expect(script.asked).toEqual([]);
    expect(script.submitted).toHaveLength(1);
  });

  it('are in force once the chain has revealed them, also for a process that starts afterwards', async () => {
    for (const isKilled of [false, true]) {
      const [subnet, script] = await committed('chain');
      script.seen = shows(COMMITTED, REVEAL);
      await settingOf(subnet).follow(subnet.signal);
      expect(subnet.told('weights-revealed')).toEqual([]);
      if (isKilled) await reopened(subnet);
      script.fate = () =>
        Promise.resolve({ status: 'revealed', at: blockAt(COMMITTED), revealedAt: blockAt(REVEAL + 1) });
      await subnet.clock.run(settingOf(subnet), 3 * MINUTE);
      expect(subnet.told('weights-revealed')).toEqual([
        { event: 'weights-revealed', committedAt: COMMITTED, block: REVEAL + 1 },
      ]);
      expect(subnet.deps.state.weightCommits()).toEqual([]);
      expect(script.asked).toHaveLength(2);
    }
  });

  it.each<[what: string, fate: SubmissionFate, reason: RegExp]>([
    [
      'the chain gives them up',
      { status: 'unrevealed', at: blockAt(COMMITTED), reason: 'No pulse of round 7.' },
      /pulse/,
    ],
    ['their block is gone', { status: 'lost' }, /No block holds/],
    ['the chain refuses them', { status: 'refused', at: blockAt(COMMITTED), error: failure('chain') }, /of the script/],
  ])('raise an alarm where %s, once', async (_what, fate, reason) => {
    const [subnet, script] = await committed('chain');
    script.seen = shows(COMMITTED, REVEAL + 400);
    script.fate = () => Promise.resolve(fate);
    await subnet.clock.run(settingOf(subnet), 5 * MINUTE);
    expect(subnet.told('weights-unrevealed')).toEqual([
      { event: 'weights-unrevealed', committedAt: COMMITTED, reason: expect.stringMatching(reason) as string },
    ]);
    expect(subnet.deps.state.weightCommits()).toEqual([]);
  });

  it('say once why their reveal takes longer, and again after a restart only where the reason is another', async () => {
    const [subnet, script] = await committed('chain');
    script.seen = shows(COMMITTED, REVEAL);
    script.fate = () => Promise.resolve(stillCommitted('chain', 'The pulse of round 7 is missing.'));
    await subnet.clock.run(settingOf(subnet), 5 * MINUTE);
    await reopened(subnet);
    await subnet.clock.run(settingOf(subnet), 5 * MINUTE);
    expect(subnet.told('weights-waiting')).toHaveLength(1);
    script.fate = () => Promise.resolve(stillCommitted('chain', 'The subnet has no epochs.'));
    await subnet.clock.run(settingOf(subnet), 5 * MINUTE);
    expect(subnet.told('weights-waiting').map(({ reason }) => reason)).toEqual([
      'The pulse of round 7 is missing.',
      'The subnet has no epochs.',
    ]);
  });

  it('are asked for later where the reveal is put off', async () => {
    const [subnet, script] = await committed('chain');
    script.seen = shows(COMMITTED, REVEAL);
    script.fate = () =>
      Promise.resolve({ ...stillCommitted('chain'), reveal: revealBy('chain', REVEAL + 50) } as SubmissionFate);
    await subnet.clock.run(settingOf(subnet), 5 * MINUTE);
    expect(script.asked).toHaveLength(1);
    expect(subnet.deps.state.weightCommits()[0]?.reveal.block).toBe(REVEAL + 50);
  });
});

describe('committed weights that the validator reveals', () => {
  it('are revealed from their block on, once', async () => {
    const revealed: unknown[] = [];
    const [subnet, script] = await committed('validator', {
      reveal: (ticket) => {
        revealed.push(ticket);
        return Promise.resolve(blockAt(REVEAL + 1));
      },
    });
    script.seen = shows(COMMITTED, REVEAL - 1);
    await subnet.clock.run(settingOf(subnet), 3 * MINUTE);
    expect(script.asked).toEqual([]);
    script.seen = shows(COMMITTED, REVEAL);
    await subnet.clock.run(settingOf(subnet), 3 * MINUTE);
    expect(revealed).toEqual([0]);
    expect(subnet.told('weights-revealed')).toEqual([
      { event: 'weights-revealed', committedAt: COMMITTED, block: REVEAL + 1 },
    ]);
  });

  it('are not sent again by a process that starts after the reveal, whose answer was lost', async () => {
    const [subnet, script] = await committed('validator', { reveal: () => Promise.reject(unreachable) });
    script.seen = shows(COMMITTED, REVEAL);
    await expect(settingOf(subnet).follow(subnet.signal)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    await reopened(subnet);
    script.fate = () => Promise.resolve({ status: 'revealed', at: blockAt(COMMITTED), revealedAt: blockAt(REVEAL) });
    await subnet.clock.run(settingOf(subnet), 3 * MINUTE);
    expect(script.asked).toEqual(['fate', 'reveal', 'fate']);
    expect(subnet.told('weights-revealed')).toHaveLength(1);
  });

  it('are each looked at, whatever becomes of the others', async () => {
    const [subnet, script] = await committed('validator', { reveal: () => Promise.resolve(blockAt(REVEAL)) });
    subnet.clock.ms += 1000;
    script.send = () =>
      Promise.resolve({ at: blockAt(COMMITTED + 1), mode: 'committed', reveal: revealBy('validator') });
    await settingOf(subnet).trySet(subnet.signal);
    script.seen = shows(COMMITTED + 1, REVEAL);
    script.fate = (ticket) =>
      ticket === 0 ? Promise.reject(unreachable) : Promise.resolve(stillCommitted('validator'));
    await expect(settingOf(subnet).follow(subnet.signal)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    expect(subnet.told('weights-revealed').map(({ committedAt }) => committedAt)).toEqual([COMMITTED + 1]);
    expect(subnet.deps.state.weightCommits().map(({ block }) => block)).toEqual([COMMITTED]);
  });

  it('stay closed in a run that may not send', async () => {
    const [subnet, script] = await committed('validator', { reveal: () => Promise.resolve(blockAt(REVEAL)) });
    script.seen = shows(COMMITTED, REVEAL);
    for (const withheld of [{ dryRun: true }, { setWeights: false }, { readOnly: true }, { offline: true }])
      await settingOf(subnet, withheld).follow(subnet.signal);
    expect(script.asked).toEqual([]);
    expect(subnet.deps.state.weightCommits()).toHaveLength(1);
  });
});
