import { parseArgs } from 'node:util';
import { prepareDuel } from './duel/prepare.js';
import { prepareDemo } from './prepare.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    'commit-reveal': { type: 'boolean', default: false },
    netuid: { type: 'string' },
    'weights-version-key': { type: 'string' },
    competition: { type: 'string' },
    models: { type: 'boolean', default: false },
    duel: { type: 'boolean', default: false },
  },
});
const [folder = '.assay/demo'] = positionals;
if (values.duel) await prepareDuel(folder);
else
  await prepareDemo(folder, {
    commitReveal: values['commit-reveal'],
    modelsOnly: values.models,
    ...(values.netuid !== undefined && { netuid: Number(values.netuid) }),
    ...(values['weights-version-key'] !== undefined && { weightsVersionKey: BigInt(values['weights-version-key']) }),
    ...(values.competition !== undefined && { competition: Number(values.competition) }),
  });
