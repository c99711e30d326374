import { seedMaterial, seedOf } from '@assay/competition-duel/dist/seed/challenge.js';
import { equal, number, text, units, type Kind } from '../unit.js';

export const challengeSeeds: Kind = (content) =>
  units(content, 'cases', (given) => {
    const material = seedMaterial({
      blockHash: text(given['block_hash']),
      hotkey: text(given['hotkey']),
      base: number(given['base_seed']),
    });
    equal('material', material, given['material']);
    equal('seed', String(seedOf(material)), given['seed']);
    return 'reference';
  });
