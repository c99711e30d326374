import { seedMaterial } from '@assay/competition-duel/dist/seed/challenge.js';
import { textSeed } from '@assay/lib-numpy-random';
import { sourceSeed } from '@assay/plugin-token-shards/dist/draw/source-seed.js';
import { sourceTargets } from '@assay/plugin-token-shards/dist/draw/targets.js';
import { bigint, equal, number, numbers, text, units, type Fields, type Kind } from '../unit.js';

/** What the seed of a challenge is the hash of. */
export const materialOf = (given: Fields): string =>
  seedMaterial({
    blockHash: text(given['block_hash']),
    hotkey: text(given['hotkey']),
    base: number(given['base_seed']),
  });

/** Seeds of challenges and of sources, and how many sequences each source gives. */
export const seeds: Kind = (content) => [
  ...units(content, 'cases', (given) => {
    const material = materialOf(given);
    equal('material', material, given['material']);
    equal('seed', textSeed(material), bigint(given['seed']));
    equal('source_seed', sourceSeed(textSeed(material), text(given['source'])), bigint(given['source_seed']));
    return 'reference';
  }),
  ...units(content, 'targets', (given) => {
    const weights = given['weights'] === null ? undefined : numbers(given['weights']);
    equal('targets', sourceTargets(number(given['total']), number(given['count']), weights), given['targets']);
    return 'reference';
  }),
];
