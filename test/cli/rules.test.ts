import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOOR_NAMES } from '@assay/core/rules/doors';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { errorOf, validator } from '../e2e/validator-process.js';

const answer = z.object({
  doors: z.array(
    z.object({
      door: z.string(),
      rules: z.array(
        z.object({
          rule: z.string(),
          version: z.number(),
          plugin: z.string(),
          summary: z.string(),
          parameters: z.array(
            z.object({ name: z.string(), type: z.string(), required: z.boolean(), about: z.string() }),
          ),
          example: z.looseObject({ rule: z.string() }),
        }),
      ),
    }),
  ),
});

describe('validator rules', () => {
  it('lists every door with at least one rule, each parameter explained', async () => {
    const { stdout, code } = await validator(['rules', '--json']);
    const { doors } = answer.parse(JSON.parse(stdout));
    expect(doors.map(({ door }) => door)).toEqual(DOOR_NAMES);
    for (const { door, rules } of doors) {
      expect([door, rules.length]).not.toEqual([door, 0]);
      for (const { rule, parameters, summary } of rules) {
        expect(summary).toMatch(/^[A-Z].*\.$|^namespace:/);
        for (const { name, about } of parameters) expect([rule, name, about]).not.toEqual([rule, name, '']);
      }
    }
    expect(code).toBe(0);
  });

  it('shows one door or one rule in words', async () => {
    const door = await validator(['rules', 'mergeRules']);
    expect(door.stdout).toContain('burn (version 1, of core)');
    expect(door.stdout).toContain('to: integer from 0 or "owner", required.');
    expect(door.stdout).not.toContain('linear-decay');
    const rule = await validator(['rules', 'linear-decay']);
    expect(rule.stdout).toContain('blocks: integer above 0, required.');
    expect(rule.stdout).not.toContain('exponential');
  });

  it('says what there is where there is no such thing', async () => {
    const answered = await validator(['rules', 'no-such', '--json']);
    expect(errorOf(answered)).toMatchObject({ code: 'RULES_NONE_OF_THAT_NAME', fault: 'config' });
    expect(answered.code).toBe(2);
  });
});

describe('a profile whose rules do not fit', () => {
  const profileOf = (change: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-rules-'));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'odd', type: 'module', main: 'i.js', validator: { plugin: true, apiVersion: 1 } }),
    );
    const demo = join(import.meta.dirname, '../../competitions/demo/dist/index.js');
    writeFileSync(
      join(folder, 'i.js'),
      `import demo from ${JSON.stringify(demo)};
      const { alpha, temperature, ...profile } = demo.provides.profiles.demo;
      const rules = [{ fromBlock: 0, standing: { rule: 'softmax-average', alpha: 0.5, temperature: 0.01 }, merge: [{ rule: 'by-share' }] }];
      export default { apiVersion: 1, name: 'odd', provides: { profiles: { odd: { ...profile, name: 'odd', rules, ${change} } } } };`,
    );
    writeFileSync(join(folder, 'config.yaml'), `subnet: odd\nplugins: [${folder}]\ndataDir: ${join(folder, 'data')}\n`);
    return join(folder, 'config.yaml');
  };

  it.each([
    [
      'shares below 1 without a burn',
      "schedule: [{ fromBlock: 0, competitions: [{ id: 1, name: 'demo-docs', share: 0.7 }] }]",
      'SHARES_NOT_WHOLE',
    ],
    [
      'a rule of a later block that is not installed',
      "rules: [...rules, { ...rules[0], fromBlock: 9e6, standing: { rule: 'king-of-nothing' } }]",
      'RULE_UNKNOWN',
    ],
    [
      'a parameter out of range',
      "rules: [{ ...rules[0], merge: [{ rule: 'by-share' }, { rule: 'floor', threshold: 3 }] }]",
      'RULE_PARAMETERS',
    ],
    [
      'a misspelt parameter',
      "rules: [{ ...rules[0], merge: [{ rule: 'by-share' }, { rule: 'burn', too: 'owner' }] }]",
      'RULE_PARAMETERS',
    ],
    ['a scheme that nobody brings', "commitmentCodec: 'morse'", 'RULE_UNKNOWN'],
  ])('stops the start for %s', async (_what, change, code) => {
    const answered = await validator(['run', '--once', '--json', '--config', profileOf(change)]);
    expect(errorOf(answered)).toMatchObject({ code, fault: 'config' });
    expect(answered.code).toBe(2);
  });

  it('can still be looked at: config and journal need no rule that is not installed', async () => {
    const config = profileOf("commitmentCodec: 'morse'");
    expect((await validator(['config', 'show', '--config', config])).code).toBe(0);
    const listed = await validator(['journal', 'ls', '--json', '--config', config]);
    expect(errorOf(listed).code).toBe('JOURNAL_MISSING');
  });
});
