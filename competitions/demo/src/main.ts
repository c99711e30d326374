import { prepareDemo } from './prepare.js';

await prepareDemo(process.argv[2] ?? '.assay/demo');
