import { parseArgs } from 'node:util';
import { prepareDemo } from './prepare.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'commit-reveal': { type: 'boolean' } },
});
await prepareDemo(positionals[0] ?? '.assay/demo', { commitReveal: values['commit-reveal'] ?? false });
