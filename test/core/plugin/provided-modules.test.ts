import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { newFolder, ROOT } from '../../e2e/world.js';

const PROVIDED = pathToFileURL(join(ROOT, 'core', 'dist', 'plugin', 'provided-modules.js')).href;

/** Prints what a module of an outside package exports by default, imported by a host that provides packages. */
function importedBy(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const other = pathToFileURL(join(folder, 'other', 'package.json')).href;
  const script = `
    import { HOST_PACKAGES, provideModules } from '${PROVIDED}';
    import * as core from '@assay/core';
    import { z } from 'zod';
    provideModules(HOST_PACKAGES.map((one) => ({ ...one, from: import.meta.url })));
    provideModules([{ name: 'other-plugin', from: '${other}' }]);
    globalThis.host = { core, z };
    try {
      console.log(String((await import('${pathToFileURL(join(folder, 'outside', 'index.js')).href}')).default));
    } catch (error) {
      console.log(error.code);
    }`;
  const entry = ['--input-type=module', '-e', script];
  return execFileSync(process.execPath, entry, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** A module that no package imports. */
const INTERNAL = 'evaluation/process-memory';

const OTHER = {
  'other/package.json': '{ "name": "other-plugin", "type": "module", "exports": { "./blocks": "./blocks.js" } }',
  'other/blocks.js': 'export const block = "a block of the other plugin";',
};
const OWN_CORE = {
  'outside/node_modules/@assay/core/package.json':
    '{ "name": "@assay/core", "type": "module", "exports": "./index.js" }',
  'outside/node_modules/@assay/core/index.js': 'export class AssayError {}',
};
const OWN_ZOD = {
  'outside/node_modules/zod/package.json': '{ "name": "zod", "type": "module", "exports": "./index.js" }',
  'outside/node_modules/zod/index.js': 'export const z = "its own";',
};

describe('a package that stands elsewhere imports', () => {
  it.each<[what: string, code: string, files: Readonly<Record<string, string>>, expected: string]>([
    [
      "the host's own copy of the core",
      "import { AssayError } from '@assay/core'; export default AssayError === host.core.AssayError;",
      {},
      'true',
    ],
    [
      "the host's copy of the core although it has one itself",
      "import { AssayError } from '@assay/core'; export default AssayError === host.core.AssayError;",
      OWN_CORE,
      'true',
    ],
    [
      'an entry of a plugin that comes along',
      "import { linear } from '@assay/plugin-onnxruntime/architecture'; export default typeof linear;",
      {},
      'function',
    ],
    [
      'an entry of another outside plugin, wherever that stands',
      "import { block } from 'other-plugin/blocks'; export default block;",
      OTHER,
      'a block of the other plugin',
    ],
    ...['datasets', 'errors', 'evaluator', 'journal', 'modules', 'sampling', 'store', 'testing'].map(
      (entry): [string, string, Readonly<Record<string, string>>, string] => [
        `the entry ${entry} of the core`,
        `import * as entry from '@assay/core/${entry}'; export default Object.keys(entry).length > 0;`,
        {},
        'true',
      ],
    ),
    ["the host's zod where it has none", "import { z } from 'zod'; export default z === host.z;", {}, 'true'],
    ['its own zod where it has one', "import { z } from 'zod'; export default z;", OWN_ZOD, 'its own'],
    [
      'nothing that is internal',
      `import '@assay/core/${INTERNAL}'; export default 1;`,
      {},
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    ],
    ['nothing that the host has and does not provide', "import 'pino'; export default 1;", {}, 'ERR_MODULE_NOT_FOUND'],
  ])('%s', (_what, code, files, expected) => {
    expect(importedBy({ 'outside/index.js': code, 'outside/package.json': '{ "type": "module" }', ...files })).toBe(
      expected,
    );
  });
});
