import type { EventOf, RoundRow, RunEvent } from '@assay/core/contracts/reporter';
import { describe, expect, it } from 'vitest';
import { paletteFor } from '../../cli/dist/report/palette.js';
import { roundTable } from '../../cli/dist/report/round-table.js';
import { TextReporter } from '../../cli/dist/report/text-reporter.js';

type Source = EventOf<'weights-set'>['weights'][number]['from'][number];

const rowOf = (uid: number, values: RoundRow['values']): RoundRow => ({
  ...{ uid, hotkey: `hotkey-${uid}`, repo: 'honest/llama', block: 100, score: 3, epsilon: 0.005 },
  ...{ winRate: 0.5, wins: 1, share: 0, values, sameAs: null, error: null },
});

/** The cells of the column that the rule adds, from the top. */
function columnOf(given: RoundRow['values'][string][]): string[] {
  const rows = given.map((value, uid) => rowOf(uid, { place: value }));
  const columns = [{ key: 'place', title: 'place', about: 'A column of a test.' }];
  const lines = roundTable({ rows, columns }, paletteFor(false)).split('\n');
  return lines.slice(2, -1).map((line) => line.split('│')[7]?.trim() ?? '');
}

function linesOf(from: Source[]): string {
  let text = '';
  const output = {
    write(written: string): boolean {
      text += written;
      return true;
    },
  };
  const weights = [{ uid: 7, share: 0.2, value: 40_959, from }];
  new TextReporter({ live: false, width: 80 }, output).report({
    ...{ event: 'weights-set', block: 10, confirmed: true, weights },
  });
  return text;
}

const source = (name: string, standing: number): Source => ({ id: 1, name, share: 0.8, standing });

/** @param near share of the weights in near tensors */
const like = (uid: number, share: number, near?: number): NonNullable<RoundRow['similarTo']>[number] => ({
  ...{ uid, hotkey: `hotkey-${uid}`, share },
  ...(near === undefined ? {} : { distance: { cosine: 1, difference: 0.001, near: [{ within: 0.01, share: near }] } }),
});
const refusal = {
  ...{ code: 'NEAR_COPY', message: 'm', hint: 'h', payload: {} },
  ...({ fault: 'miner', retry: 'never' } as const),
};

describe('the text of a run', () => {
  it.each<[what: string, given: RoundRow['values'][string][], shown: string[]]>([
    ['ranks are whole numbers, the first one too', [1, 2, 3, null], ['1', '2', '3', '–']],
    ['shares have four digits, whole ones too', [1, 0, 0.5], ['1.0000', '0.0000', '0.5000']],
    ['nothing but 0 and 1 is a share', [1, 0], ['1.0000', '0.0000']],
    ['words stay as they are', ['up', true], ['up', 'true']],
  ])('shows a column of a rule: %s', (_what, given, shown) => {
    expect(columnOf(given)).toEqual(shown);
  });

  it.each<[what: string, given: Partial<RoundRow>, note: string]>([
    ['identical tensors', { similarTo: [like(12, 0.98)] }, '98 % as in uid 12'],
    ['less than all of them is not all', { similarTo: [like(12, 0.99999)] }, '99.9 % as in uid 12'],
    ['the closest of several', { similarTo: [like(3, 0.6), like(12, 0.8)] }, '80 % as in uid 12'],
    ['near ones', { similarTo: [like(12, 0.1, 0.97)] }, '97 % near uid 12'],
    ['an exact copy', { sameAs: 12, similarTo: [like(12, 1)] }, 'same model as uid 12'],
    [
      'one that did not play',
      { winRate: null, similarTo: [like(12, 0.5)] },
      '50 % as in uid 12; beaten by an earlier model',
    ],
    ['a margin', { margin: 0.005, similarTo: [like(12, 0.95)] }, '95 % as in uid 12; has to be 0.5 % better'],
    ['a refusal', { error: refusal, similarTo: [like(12, 0.95)] }, '95 % as in uid 12; NEAR_COPY (miner)'],
    ['nothing alike', {}, ''],
  ])('says of a model what it has in common with an earlier one: %s', (_what, given, note) => {
    const table = roundTable({ rows: [{ ...rowOf(1, {}), ...given }], columns: [] }, paletteFor(false));
    expect(table.split('\n')[2]?.split('│').at(-2)?.trim()).toBe(note);
  });

  describe('of a rule that says its verdict in a word', () => {
    const columns = ['verdict', 'bound', 'close', 'reign'].map((key) => ({
      key,
      title: key,
      about: 'A column of a test.',
    }));
    const king = { ...rowOf(-1, { reign: 1 }), epsilon: 0, repo: 'genesis/king' };
    const challenger = { ...rowOf(2, { verdict: 'stopped', close: false }), epsilon: 0, sameAs: -1 };
    const refused = { ...rowOf(4, {}), score: null, epsilon: null, winRate: null, wins: null, error: refusal };
    const text = roundTable({ rows: [king, challenger, refused, refused], columns }, paletteFor(false));

    it('shows no wins, and no column in which nobody has anything', () => {
      const [, head = ''] = text.split('\n');
      expect(head.split('│').map((title) => title.trim())).toEqual([
        ...['', 'uid', 'repo', 'loss', 'verdict', 'reign', 'share', 'block', 'note', ''],
      ]);
    });

    it('shows a king without a uid, and counts the claims that have not played', () => {
      expect(text).toMatch(/│ +– │ genesis\/king/);
      expect(text).toContain('same model as an unregistered hotkey');
      expect(text).toContain('\n2 refused claims have not played; validator queue says why.');
      expect(text).not.toContain('NEAR_COPY');
    });
  });

  it('says what a round has spared, who is paid without playing, and in what the validator differs', () => {
    const written: string[] = [];
    const reporter = new TextReporter({ live: false, width: 80 }, { write: (text) => written.push(text) > 0 });
    reporter.report({
      ...{ event: 'round-finished', number: 1, hash: 'h', competition: { id: 1, name: 'duel' }, block: 5 },
      ...{ void: null, numerics: {}, columns: [], rows: [rowOf(1, {})], elapsedMs: 10 },
      paidBeside: [{ uid: 3, share: 0.5 }],
      saved: { samples: 96, used: 32, models: 2, computed: 64, estimatedMs: 10_000 },
    });
    reporter.report({
      ...{ event: 'run-started', version: '1', netuid: 3, chain: 'c', hotkey: 'h', dataDir: 'd', competitions: [] },
      ...{ mode: [], recordedRounds: 0, notes: ['Code is never run.'] },
    });
    reporter.report({ event: 'run-stopped', reason: 'idle', rounds: 0 });
    expect(written.join('')).toContain('Paid without playing: uid 3 50.00 %.\nThe round ended after 32 of 96 samples.');
    expect(written.join('')).toContain('\n  Code is never run.\n');
    expect(written.at(-1)).toBe('Nothing new to judge. Stopped after 0 rounds.\n');
  });

  it.each<[what: string, saved: EventOf<'round-finished'>['saved'], shown: string | undefined]>([
    ['nothing', undefined, undefined],
    [
      'a round that ended early',
      { samples: 1000, used: 200, models: 2, computed: 400, estimatedMs: 90_000 },
      'The round ended after 200 of 1000 samples. 400 of 2000 losses were computed, which saved about 2 min.',
    ],
    [
      'losses that were known, and no time to go by',
      { samples: 10, used: 10, models: 2, computed: 0, estimatedMs: null },
      '0 of 20 losses were computed.',
    ],
  ])('says what a round has saved: %s', (_what, saved, shown) => {
    const written: string[] = [];
    const reporter = new TextReporter({ live: false, width: 80 }, { write: (text) => written.push(text) > 0 });
    reporter.report({
      ...{ event: 'round-finished', number: 1, hash: 'h', competition: { id: 1, name: 'one' }, block: 1, void: null },
      ...{ numerics: {}, columns: [], rows: [rowOf(1, {})], elapsedMs: 1 },
      ...(saved ? { saved } : {}),
    });
    const last = written.join('').trimEnd().split('\n').at(-1);
    if (shown === undefined) expect(last).toMatch(/^└/);
    else expect(last).toBe(shown);
  });

  it('shows no uid for a model whose owner is not registered', () => {
    const rows = [rowOf(-1, {}), { ...rowOf(3, {}), sameAs: -1 }];
    const [king, copy] = roundTable({ rows, columns: [] }, paletteFor(false)).split('\n').slice(2);
    expect(king?.split('│')[1]?.trim()).toBe('–');
    expect(copy).toContain('same model as an unregistered hotkey');
  });

  it('names the first changes of hotkeys, and counts the rest', () => {
    const written: string[] = [];
    const reporter = new TextReporter({ live: false, width: 80 }, { write: (text) => written.push(text) > 0 });
    const changes = [...Array(6).keys()].map((uid) => ({ uid, change: 'swapped' as const, before: 'a', after: 'b' }));
    reporter.report({ event: 'hotkeys-changed', block: 7, count: 60, changes });
    reporter.report({ event: 'hotkeys-changed', block: 8, count: 1, changes: changes.slice(0, 1) });
    expect(written).toEqual([
      'block 7: uid 0 swapped, uid 1 swapped, uid 2 swapped, uid 3 swapped, uid 4 swapped, 55 more\n',
      'block 8: uid 0 swapped\n',
    ]);
  });

  it('shows nothing of a hotkey that a miner has chosen', () => {
    const rows = [{ ...rowOf(1, {}), similarTo: [{ ...like(12, 0.9), hotkey: '\u001b[2Jevil' }] }];
    expect(roundTable({ rows, columns: [] }, paletteFor(false))).not.toContain('evil');
  });

  const error = {
    code: 'SOME_CODE',
    message: 'Because.',
    hint: 'Do this.',
    payload: {},
    fault: 'chain',
    retry: 'backoff',
  } as const;
  const stale = {
    event: 'weights-stale',
    block: 9_000,
    uid: 7,
    lastUpdate: 5_000,
    blocks: 4_000,
    tempo: 360,
    error,
  } as const;
  it.each<[event: RunEvent, said: string]>([
    [
      { event: 'weights-set', block: 10, weights: [], confirmed: false, reveal: { block: 20, by: 'chain' } },
      'Weights committed at block 10; the chain reveals them at block 20 or later',
    ],
    [
      { event: 'weights-set', block: 10, weights: [], confirmed: false, reveal: { block: 20, by: 'validator' } },
      'Weights committed at block 10; this validator reveals them at block 20 or later',
    ],
    [{ event: 'weights-withheld', reason: 'doppelganger', weights: [] }, 'Weights not set (doppelganger)'],
    [{ event: 'weights-open', lastBlock: 64 }, 'A block up to 64 may hold them; nothing else is sent before.'],
    [{ event: 'weights-settled', status: 'set', block: 10, error: null }, 'the chain holds them since block 10 (set).'],
    [{ event: 'weights-settled', status: 'lost', block: null, error: null }, 'have not landed; they are sent again.'],
    [
      { event: 'weights-settled', status: 'refused', block: 10, error },
      'refused the last weights at block 10. SOME_CODE',
    ],
    [{ event: 'weights-revealed', committedAt: 10, block: 20 }, 'committed at block 10 are in force since block 20.'],
    [{ event: 'weights-waiting', committedAt: 10, reason: 'No pulse.\u001b[2J' }, 'not revealed yet: No pulse.'],
    [{ event: 'weights-unrevealed', committedAt: 10, reason: 'Too late.' }, 'ALARM: the weights committed at block 10'],
    [
      stale,
      'ALARM: uid 7 set its last weights 4000 blocks ago, which is more than three tempos.\n    SOME_CODE: Because.',
    ],
    [
      { ...stale, lastUpdate: null, error: null },
      'ALARM: uid 7 has set no weights since its registration 4000 blocks ago',
    ],
    [
      { event: 'doppelganger', block: 10, uid: 7, lastUpdate: 9, expected: 5, error },
      'ALARM: SOME_CODE: Because.\n    → Do this.',
    ],
  ])('says of weights on chain: %j', (event, said) => {
    const written: string[] = [];
    new TextReporter({ live: false, width: 80 }, { write: (text) => written.push(text) > 0 }).report(event);
    expect(written.join('')).toContain(said);
    expect(written.join('')).not.toContain('\u001b[2J');
  });

  it('names the competitions in which a weight was earned, and no other', () => {
    const text = linesOf([source('harbour', 0.25), source('rhymes', 0)]);
    expect(text).toContain('uid 7: 20.00 % (40959), from 80.00 % x 0.2500 of harbour\n');
  });

  it('says of a weight that nobody has earned that the merge rules give it', () => {
    expect(linesOf([source('harbour', 0)])).toContain('from the merge rules, not earned in a competition\n');
  });
});
