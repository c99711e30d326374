import { libraryOf } from '@assay/core/composition/library';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { configSchema } from '@assay/core/config/schema';
import type { CompetitionInput } from '@assay/core/competition/competition';
import { checkPlugin } from '@assay/core/plugin/check';
import { PluginRegistry } from '@assay/core/plugin/registry';
import demo from '@assay/competition-demo';
import { describe, expect, it } from 'vitest';
import { usesOf } from '../config/uses.js';

interface Said {
  config?: Readonly<Record<string, unknown>>;
  /** Of the competitions 1 and 2. */
  competitions?: readonly [string | undefined, string | undefined];
  profile?: string;
}

/** A subnet of two competitions, and who of it names a version. */
function worldOf({
  config = {},
  competitions = [undefined, undefined],
  profile,
}: Said): Pick<Surroundings, 'config' | 'registry' | 'profile'> {
  const [template] = demo.provides.competitions ?? [];
  const subnet = demo.provides.profiles?.['demo'];
  if (!template || !subnet) throw new Error('the demo has neither competition nor profile');
  const named = competitions.map((library, index): CompetitionInput => ({
    ...template,
    id: index + 1,
    name: `number-${index + 1}`,
    ...(library === undefined ? {} : { library }),
  }));
  const schedule = [{ fromBlock: 0, competitions: named.map(({ id }) => ({ id, share: 0.5 })) }];
  const plugin = {
    apiVersion: 1,
    name: 'subnet',
    provides: {
      competitions: named,
      datasets: demo.provides.datasets,
      profiles: {
        subnet: { ...subnet, name: 'subnet', schedule, ...(profile === undefined ? {} : { library: profile }) },
      },
    },
  };
  const registry = new PluginRegistry([checkPlugin('subnet', plugin)]);
  return {
    config: configSchema.parse({ ...usesOf('any'), subnet: 'subnet', ...config }),
    registry,
    profile: registry.profile('subnet'),
  };
}

describe('the version of the library', () => {
  it.each<[who: string, said: Said, library: string | undefined]>([
    ['no part of the subnet', {}, undefined],
    ['the profile', { profile: '4.57' }, '4.57'],
    ['one competition', { competitions: ['5', undefined] }, '5'],
    ['both competitions', { competitions: ['5', '5'], profile: '4.44' }, '5'],
    ['the evaluator', { config: { evaluator: { use: 'any', library: 4.57 } }, competitions: ['5', '4.44'] }, '4.57'],
    ['the inspector', { config: { inspector: { use: 'any', library: '5' } }, profile: '4.44' }, '5'],
  ])('is that of %s', (_who, said, library) => {
    expect(libraryOf(worldOf(said))).toBe(library);
  });

  it.each<[who: string, said: Said, named: string[]]>([
    ['two competitions', { competitions: ['4.57', '5'] }, ['4.57 for number-1', '5 for number-2']],
    ['a competition and the profile of the other', { competitions: ['5', undefined], profile: '4.44' }, ['4.44', '5']],
    [
      'evaluator and inspector',
      { config: { evaluator: { use: 'any', library: 5 }, inspector: { use: 'any', library: 4.57 } } },
      ['5 for evaluator', '4.57 for inspector'],
    ],
  ])('must be one: %s', (_who, said, named) => {
    expect(() => libraryOf(worldOf(said))).toThrow(
      expect.objectContaining({ code: 'LIBRARY_AMBIGUOUS', fault: 'config' }),
    );
    for (const part of named) expect(() => libraryOf(worldOf(said))).toThrow(part);
  });

  it('of competitions that are not judged here does not matter', () => {
    expect(libraryOf(worldOf({ competitions: ['4.57', '5'], config: { competitions: ['number-2'] } }))).toBe('5');
  });
});
