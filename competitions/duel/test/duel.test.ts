import { describe, expect, it } from 'vitest';
import type { Plugin } from '@assay/core';
import { RuleBook } from '@assay/core/rules/rule-book';
import { choicesAt } from '@assay/core/rules/chosen';
import { checkPlugin } from '@assay/core/plugin/check';
import { failedChecks } from '../../../test/package-checks.js';
import duel from '../dist/index.js';

const checked = checkPlugin('duel', duel);
const plugin: Plugin = duel;

describe('the package of the duel', () => {
  it('is what every package of rules, competitions and profiles has to be', async () => {
    expect(await failedChecks(plugin)).toEqual([]);
  });

  it("chooses subnet 3's rules, with its numbers", () => {
    const [competition] = checked.provides.competitions ?? [];
    const profile = checked.provides.profiles?.['duel'];
    if (!competition || !profile) throw new Error('the package lacks duel');
    const choices = choicesAt(profile, competition, 8_000_000);
    const book = new RuleBook([checked]);
    expect(book.bind('matchRules', choices.match).record.parameters).toMatchObject({
      ...{ margin: 0.0015, relative: false, alpha: 0.001, resamples: 10_000, seed: 0xb007, winsNeeded: 1 },
      earlyStop: { quantile: 0.94, fraction: 0.2 },
    });
    expect(book.bind('seedRules', choices.seed).record.parameters).toEqual({ base: 0xe1a });
    expect(book.bind('standingRules', choices.standing).record.parameters).toMatchObject({ kings: 5, digits: 9 });
    expect(choices.entryChecks.map(({ rule }) => rule)).toEqual([
      ...['safetensors-layout', 'owner-mark', 'limits', 'config-lock'],
    ]);
    expect(competition.constraints.sequenceLength).toBe(8192);
    expect(competition.tasks[0]?.parameters).toMatchObject({ sequences: 10_000, shuffle: false, tokenizer: 'none' });
    expect(profile.rules[0]?.merge).toEqual([{ rule: 'by-share' }, { rule: 'burn', to: 0 }]);
    expect(profile).toMatchObject({ netuid: 3, library: '5', weightsAtNewLeader: true });
    expect(profile.cadences.weights / 12_000).toBe(300);
    expect(profile.notes?.join()).toContain('never run');
  });
});
