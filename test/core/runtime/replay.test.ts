import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { contentsOf, formatExport, parseExport } from '@assay/core/journal/export';
import { RuleBook } from '@assay/core/rules/rule-book';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { replayRound } from '@assay/core/runtime/round/replay';
import { openJournal } from '@assay/plugin-libsql-journal';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../../plugins/libsql-journal/processes.js';
import { replayed, wholeRound } from '../../recorded-round.js';
import { COMPETITION, newSubnet, type Subnet } from './subnet.js';

const FIXTURE = join(import.meta.dirname, '..', '..', 'fixtures', 'journal-0.1');

describe('rounds of version 0.1', () => {
  it.each(['read', 'write'] as const)('replay from a journal that is open to %s, and from exports', async (mode) => {
    const folder = newFolder();
    for (const name of ['journal.db', 'lock.json']) copyFileSync(join(FIXTURE, name), join(folder, name));
    const journal = openJournal({ folder, mode });
    const all = [...journal.chain()];
    expect(all).toHaveLength(8);
    for (const record of all) {
      expect(replayed(journal, record.number)).toMatchObject({ agrees: true, differences: [], missing: [] });
      const document = parseExport(formatExport(record, undefined, journal));
      expect(document.version).toBe(1);
      expect(replayRound(document.entry, contentsOf(document), new RuleBook())).toMatchObject({
        agrees: true,
        missing: [],
      });
    }
    const matches = all.map(({ number }) => wholeRound(journal, number).rules.match.rule);
    expect(new Set(matches)).toEqual(new Set(['mean-loss', 'per-batch']));
    await journal.close();
  });
});

/** A subnet with one recorded round of two models with three losses each. */
async function judged(rule: 'mean-loss' | 'per-batch'): Promise<Subnet> {
  const subnet = await newSubnet({ competitions: [{ ...COMPETITION, match: { rule } }] });
  const evaluate = subnet.evaluator.evaluate.bind(subnet.evaluator);
  subnet.evaluator.evaluate = async (request) => {
    const answer = await evaluate(request);
    const results = answer.results.map((result) => {
      const [loss = Number.NaN] = result.losses;
      return { ...result, losses: [0.1, 0.2, -0.3].map((by) => loss + by) };
    });
    return { ...answer, results };
  };
  for (const [uid, loss] of [
    [3, 2],
    [4, 3],
  ] as const) {
    subnet.commit(uid, `m${uid}`, loss);
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(uid), 5100, false, subnet.signal);
  }
  await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
  return subnet;
}

function edit({ folder }: Subnet, sql: string): void {
  const database = new Database(join(folder, 'data', 'journal.db'));
  database.exec(sql);
  database.close();
}

describe('a round', () => {
  it('holds no loss itself, and gives every one back', async () => {
    const { deps } = await judged('per-batch');
    const { journal } = deps.state;
    expect(JSON.stringify(journal.head()?.entry)).not.toContain('2.1');
    const [first] = wholeRound(journal, 1).contenders;
    expect(first?.outcome).toMatchObject({ tasks: [{ losses: [2.1, 2.2, 1.7] }] });
    expect(replayed(journal, 1)).toMatchObject({ agrees: true, missing: [] });
  });

  it.each([
    ['mean-loss', true],
    // Without its losses a match per batch can't be played again: nothing can be said.
    ['per-batch', null],
  ] as const)(
    'of %s whose attachments were dropped: agrees is %s, and what is missing is named',
    async (rule, agrees) => {
      const subnet = await judged(rule);
      edit(subnet, 'DELETE FROM attachments');
      const { missing, agrees: said } = replayed(subnet.deps.state.journal, 1);
      expect(said).toBe(agrees);
      expect(missing.map(({ member }) => member)).toEqual([
        'contenders.0.outcome.tasks.0.losses',
        'contenders.1.outcome.tasks.0.losses',
        'samples.0.pages',
      ]);
    },
  );

  it('whose attachment was damaged is told so, and nobody is blamed', async () => {
    const subnet = await judged('mean-loss');
    edit(subnet, "UPDATE attachments SET content = x'00', packed = 0");
    expect(() => replayed(subnet.deps.state.journal, 1)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_ATTACHMENT_DAMAGED', fault: 'validator' }),
    );
  });
});
