import { byCurrentName, layerNormName } from '@assay/lib-model-graph/files/old-names';
import type { StoredTensor } from '@assay/lib-model-graph/files/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const tensor = (name: string): StoredTensor => ({ name, dtype: 'F32', shape: [], offset: 0, length: 4, file: 'a' });
/** Which tensor of the file, by its name there, is taken under each name. */
const taken = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries([...byCurrentName(names.map(tensor))].map(([name, { name: stored }]) => [name, stored]));

describe('names that the library replaces', () => {
  it.each<[what: string, stored: string[], taken: Record<string, string>]>([
    ['other names', ['a.weight', 'a.bias'], { 'a.weight': 'a.weight', 'a.bias': 'a.bias' }],
    ['gamma and beta', ['n.gamma', 'n.beta'], { 'n.weight': 'n.gamma', 'n.bias': 'n.beta' }],
    ['parts of words, and more than one', ['gammas.agamma'], { 'weights.aweight': 'gammas.agamma' }],
    ['beta alone where both stand in a name', ['gamma.beta'], { 'gamma.bias': 'gamma.beta' }],
    ['an old name over a current one', ['n.weight', 'n.gamma'], { 'n.weight': 'n.gamma' }],
    [
      'in order of names, so that the last one stays',
      ['gammagamma.x', 'weightgamma.x'],
      { 'weightweight.x': 'weightgamma.x' },
    ],
    ['whatever the order in the file', ['weightgamma.x', 'gammagamma.x'], { 'weightweight.x': 'weightgamma.x' }],
    ['a name that an earlier one has taken', ['gamma.beta', 'gamma.bias'], { 'weight.bias': 'gamma.beta' }],
    ['capitals not at all', ['n.Gamma', 'n.BETA'], { 'n.Gamma': 'n.Gamma', 'n.BETA': 'n.BETA' }],
    [
      'names from the prototype',
      ['__proto__', 'constructor.gamma'],
      { ['__proto__']: '__proto__', 'constructor.weight': 'constructor.gamma' },
    ],
  ])('%s', (_what, stored, expected) => {
    expect(Object.entries(taken(stored)).sort()).toEqual(Object.entries(expected).sort());
  });

  const word = fc.constantFrom('gamma', 'beta', 'weight', 'bias', '.', 'a');
  const names = fc.uniqueArray(
    fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    { maxLength: 8 },
  );
  it('take each tensor at most once, and depend on no order in the file', () => {
    fc.assert(
      fc.property(names, (stored) => {
        const found = Object.values(taken(stored));
        expect(new Set(found).size).toBe(found.length);
        expect(taken([...stored].reverse())).toEqual(taken(stored));
      }),
    );
  });
});

describe('names that later versions replace', () => {
  it.each<[stored: string, in457: string, in5: string]>([
    ['a.LayerNorm.gamma', 'a.LayerNorm.weight', 'a.LayerNorm.weight'],
    ['a.LayerNorm.beta', 'a.LayerNorm.bias', 'a.LayerNorm.bias'],
    ['a.LayerNorm.gamma.b', 'a.LayerNorm.gamma.b', 'a.LayerNorm.weight.b'],
    ['a.norm.gamma', 'a.norm.gamma', 'a.norm.gamma'],
    ['a.layernorm.beta', 'a.layernorm.beta', 'a.layernorm.beta'],
    ['aLayerNormXgamma', 'aLayerNormXgamma', 'aLayerNorm.weight'],
  ])('%s', (stored, in457, in5) => {
    expect(layerNormName(stored, '4.57')).toBe(in457);
    expect(layerNormName(stored, '5')).toBe(in5);
  });
});
