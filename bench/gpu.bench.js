// The torch engine on this machine's GPU beside transformers, or with --cpu on its CPU: npm run bench -- gpu [--cpu] [SECTION...]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import './gpu/export.js';

const script = join(import.meta.dirname, 'gpu.sh');
const { status } = spawnSync(script, process.argv.slice(3), { stdio: 'inherit' });
process.exitCode = status ?? 1;
