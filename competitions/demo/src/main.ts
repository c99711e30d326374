import { parseArgs } from 'node:util';
import { prepareDemo } from './prepare.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    'commit-reveal': { type: 'boolean', default: false },
    netuid: { type: 'string' },
    'weights-version-key': { type: 'string' },
    competition: { type: 'string' },
    models: { type: 'boolean', default: false },
  },
});
await prepareDemo(positionals[0] ?? '.assay/demo', {
  commitReveal: values['commit-reveal'],
  modelsOnly: values.models,
  ...(values.netuid !== undefined && { netuid: Number(values.netuid) }),
  ...(values['weights-version-key'] !== undefined && { weightsVersionKey: BigInt(values['weights-version-key']) }),
  ...(values.competition !== undefined && { competition: Number(values.competition) }),
});
