import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cliReference } from './cli-reference.js';
import { configJsonSchema } from './config-schema.js';
import { sortedManifest } from './manifest.js';
import { errorReference } from './error-reference.js';
import { eventJsonSchema } from './event-schema.js';
import { protocolJsonSchema } from './protocol-schema.js';

/**
 * Writes what is made from the code: `npm run generate`. With --check it only compares, and fails where a file is not
 * what the code says.
 */
const root = join(import.meta.dirname, '..', '..', '..');
const check = process.argv.includes('--check');

const files: readonly (readonly [path: string, content: () => string | Promise<string>])[] = [
  // Written by oclif, in the order in which a file system happens to list the commands.
  ['oclif.manifest.json', () => sortedManifest(join(root, 'oclif.manifest.json'))],
  ['docs/reference/cli.md', () => cliReference(root)],
  ['docs/reference/config.schema.json', configJsonSchema],
  ['docs/reference/events.schema.json', eventJsonSchema],
  ['docs/reference/evaluator-protocol.schema.json', protocolJsonSchema],
  ['docs/reference/errors.md', errorReference],
];

const stale: string[] = [];
for (const [path, content] of files) {
  const wanted = await content();
  const target = join(root, path);
  const found = await readFile(target, 'utf8').catch(() => '');
  if (found === wanted) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, wanted);
}
if (check && stale.length > 0) {
  process.stderr.write(`Not what the code says: ${stale.join(', ')}. Run: npm run generate\n`);
  process.exitCode = 1;
}
