import Database from 'libsql';
import { join } from 'node:path';
import type { DrawnSamples, MatchRule } from '@assay/core/contracts/match-rule';
import type { Rule } from '@assay/core/contracts/rule';
import { RuleBook } from '@assay/core/rules/rule-book';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { replayed, wholeRound } from '../../recorded-round.js';
import { COMPETITION, newSubnet, type Subnet } from './subnet.js';

const BATCHES = Array.from({ length: 6 }, (_none, index) => [[index, 1, 2, 3]]);
const CLUSTERS = [0, 1, 2, 0, 1, 2];

/** A match rule that notes what was drawn, each time that it plays. */
function noting(seen: (readonly DrawnSamples[])[]): Rule<MatchRule, object> {
  return {
    name: 'noting',
    version: 1,
    summary: 'Notes what was drawn.',
    parameters: z.strictObject({}),
    examples: [{}],
    bind: () => ({
      columns: [],

      *play(contenders, { drawn }) {
        seen.push(drawn);
        return { records: new Map(), winner: contenders[0]?.uid ?? null };
      },
      bar: ({ score }) => ({ score, about: 'as good' }),
      samplesNeeded: (total) => total,
    }),
  };
}

async function judged(
  clusters: number[] | undefined,
): Promise<{ subnet: Subnet; seen: (readonly DrawnSamples[])[]; book: RuleBook }> {
  const seen: (readonly DrawnSamples[])[] = [];
  const provides = { matchRules: [noting(seen)] };
  const subnet = await newSubnet({
    batches: BATCHES,
    samples: 4,
    ...(clusters && { clusters }),
    competitions: [
      {
        ...COMPETITION,
        match: { rule: 'noting' },
        tasks: COMPETITION.tasks.map((task) => ({ ...task, parameters: { continuation: null } })),
      },
    ],
    provides,
  });
  subnet.commit(3, 'm3', 2);
  await subnet.deps.view.refresh(subnet.signal);
  await subnet.check.check(subnet.neuron(3), 5100, false, subnet.signal);
  await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
  return { subnet, seen, book: new RuleBook([{ name: 'test', provides }]) };
}

describe('pages of samples', () => {
  it('are on record and reach the match rule, in the run and in a replay', async () => {
    const { subnet, seen, book } = await judged(CLUSTERS);
    const { journal } = subnet.deps.state;
    const [recorded] = wholeRound(journal, 1).samples;
    expect(recorded?.clusters).toHaveLength(4);
    expect(replayed(journal, 1, book)).toMatchObject({ agrees: true, missing: [] });
    expect(seen).toEqual(Array(2).fill([{ task: 'task', samples: 4, clusters: recorded?.clusters }]));
  });

  it('are not known to the rule where the dataset does not say, or their attachment was dropped', async () => {
    const { seen } = await judged(undefined);
    expect(seen).toEqual([[{ task: 'task', samples: 4 }]]);
    const dropped = await judged(CLUSTERS);
    const database = new Database(join(dropped.subnet.folder, 'data', 'journal.db'));
    database.exec('DELETE FROM attachments');
    database.close();
    const { missing } = replayed(dropped.subnet.deps.state.journal, 1, dropped.book);
    expect(missing.map(({ member }) => member)).toContain('samples.0.clusters');
    expect(dropped.seen.at(-1)).toEqual([{ task: 'task', samples: 4 }]);
  });
});
