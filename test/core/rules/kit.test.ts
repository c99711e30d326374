import duel from '@assay/competition-duel';
import { RULE_CASES, ruleChecks } from '@assay/core/testing/rule-checks';
import { runChecks, type CheckResult } from '@assay/core/testing/checks';
import type { Rule } from '@assay/core/contracts/rule';
import { RuleBook } from '@assay/core/rules/rule-book';
import type { DoorName } from '@assay/core/rules/doors';
import { DOOR_NAMES } from '@assay/core/rules/doors';
import { describe, expect, it } from 'vitest';
import { BROKEN } from './broken-rules.js';

const book = new RuleBook([duel]);

// What a rule binds to is that of its door.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function failuresOf(door: DoorName, rule: Rule<any>): Promise<CheckResult[]> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-argument -- as above
  return (await runChecks(rule.name, ruleChecks(door, rule))).filter(({ reason }) => reason !== undefined);
}

describe('the table of cases of each door', () => {
  it.each(book.list().map(({ door, rule }) => [door, rule.name, rule] as const))(
    'holds for %s %s',
    async (door, _name, rule) => {
      expect(await failuresOf(door, rule)).toEqual([]);
    },
  );

  it.each(BROKEN.map((broken) => [broken.door, broken.fails, broken.rule] as const))(
    'finds a rule of %s that breaks: %s',
    async (door, fails, rule) => {
      const failures = await failuresOf(door, rule);
      expect(failures.map(({ name }) => name)).toContain(fails);
    },
  );

  it('has a broken rule for every case', () => {
    const broken = new Set(BROKEN.map(({ door, fails }) => `${door}: ${fails}`));
    const cases = DOOR_NAMES.flatMap((door) => Object.keys(RULE_CASES[door]).map((name) => `${door}: ${name}`));
    expect(cases.filter((one) => !broken.has(one))).toEqual([]);
  });
});
