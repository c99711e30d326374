import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder } from '../e2e/world.js';

const MANIFEST = {
  name: 'a-package',
  version: '1.0.0',
  type: 'module',
  exports: './index.js',
  validator: { plugin: true, apiVersion: 1 },
  oclif: {},
};
const EMPTY = "export default { apiVersion: 1, name: 'a-package', provides: {} };";

interface Row {
  name: string;
  passed: boolean;
  reason: string | null;
  hint: string | null;
}

function packageOf(manifest: string, index: string): string {
  const folder = join(newFolder(), 'a-package');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), manifest);
  writeFileSync(join(folder, 'index.js'), index);
  return folder;
}

const check = (change: Readonly<Record<string, unknown>>, index = EMPTY): Promise<Answer> =>
  validator(['competition', 'check', packageOf(JSON.stringify({ ...MANIFEST, ...change }), index), '--json']);
const failedRows = ({ stdout }: Answer): Row[] => (JSON.parse(stdout) as Row[]).filter(({ passed }) => !passed);

/** A dataset whose draws are what this code gives. */
const drawing = (body: string): string => `
const options = { safeParse: () => ({ success: true, data: {} }) };
const create = async () => ({ documents: async ({ random }, signal) => { ${body} } });
export default { apiVersion: 1, name: 'a-package', provides: { datasets: { poems: { options, create } } } };`;

describe('validator competition check looks at the package.json', () => {
  it.each<[what: string, change: Record<string, unknown>, reason: string, index?: string]>([
    [
      'without "validator"',
      { validator: undefined },
      'has no "validator": write "validator": { "plugin": true, "apiVersion": 1 }',
    ],
    [
      'with a version that is a text',
      { validator: { plugin: true, apiVersion: '1' } },
      'has "validator": {"plugin":true,"apiVersion":"1"}: write',
    ],
    ['without "oclif"', { oclif: undefined }, 'write "oclif": {}'],
    ['that depends on the core', { dependencies: { '@assay/core': '0.1.0' } }, `@assay/core can't be fetched`],
    ['that has the core as its peer', { peerDependencies: { '@assay/core': '0.1.0' } }, `@assay/core can't be fetched`],
    [
      'that brings a module for a plugin that takes none',
      {},
      'PLUGIN_MALFORMED: a-package is not a plugin:\n  provides.modules.tokenizers: it takes no modules',
      "export default { apiVersion: 1, name: 'a-package', provides: { modules: { tokenizers: ['file:///a.js'] } } };",
    ],
    [
      'that brings a module without an architecture',
      {},
      'ARCHITECTURE_MODULE: ',
      "export default { apiVersion: 1, name: 'a-package', provides: { modules: { onnxruntime: [new URL('./gone.js', import.meta.url).href] } } };",
    ],
  ])('one %s fails, and is told what to write', async (_what, change, reason, index) => {
    const answer = await check(change, index);
    expect(failedRows(answer)).toEqual([
      expect.objectContaining({ reason: expect.stringContaining(reason) as string }),
    ]);
    expect(answer.code).toBe(1);
  });

  it('and finds nothing in one that is whole, nor in a module without one', async () => {
    expect((await check({ devDependencies: { '@assay/core': '0.1.0' } })).code).toBe(0);
    const optional = { '@assay/core': { optional: true } };
    const peer = { peerDependencies: { '@assay/core': '^0.1.0' }, peerDependenciesMeta: optional };
    expect((await check(peer)).code).toBe(0);
    const module = join(newFolder(), 'plugin.mjs');
    writeFileSync(module, EMPTY);
    expect((await validator(['competition', 'check', module])).code).toBe(0);
  });

  it('one that is no JSON is named, and no dump shown', async () => {
    const answer = await validator(['competition', 'check', packageOf('{ "name": ', EMPTY), '--json']);
    expect(errorOf(answer)).toMatchObject({
      code: 'PLUGIN_MALFORMED',
      message: expect.stringContaining('package.json: Unexpected end') as string,
    });
  });
});

describe('validator competition check', () => {
  it.each([
    ["import { definePlugin } from '@assay/core';"],
    ["import { linear } from '@assay/plugin-onnxruntime/architecture';"],
    ["import { z } from 'zod';"],
  ])('lets it import values that the validator has: %s', async (line) => {
    const answer = await check({}, `${line}\n${EMPTY}`);
    expect(answer.code, answer.stdout).toBe(0);
  });

  it.each([
    ['a package that it forgot', "import 'left-pad';", 'Write left-pad under "dependencies"'],
    ['a package of ours that is none', "import '@assay/nothing';", 'Correct the name @assay/nothing'],
    ['a file that it does not pack', "import './notes.js';", 'among the files that npm pack packs'],
    [
      'a package that it needs for its own tests alone',
      "import 'tests-only';",
      'Write tests-only under "dependencies"',
    ],
  ])('says what to do when %s is not where it is installed', async (_what, line, hint) => {
    const folder = packageOf(JSON.stringify({ ...MANIFEST, files: ['index.js'] }), `${line}\n${EMPTY}`);
    writeFileSync(join(folder, 'notes.js'), '');
    mkdirSync(join(folder, 'node_modules', 'tests-only'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', 'tests-only', 'package.json'), '{ "main": "index.js" }');
    writeFileSync(join(folder, 'node_modules', 'tests-only', 'index.js'), '');
    const error = errorOf(await validator(['competition', 'check', folder, '--json']));
    expect(error.code).toBe('PLUGIN_BROKEN');
    expect(error.hint).toContain(hint);
  });

  it('takes what it depends on from its own node_modules', async () => {
    const manifest = { ...MANIFEST, dependencies: { needed: '1.0.0' } };
    const folder = packageOf(JSON.stringify(manifest), `import 'needed';\n${EMPTY}`);
    mkdirSync(join(folder, 'node_modules', 'needed'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', 'needed', 'package.json'), '{ "main": "index.js" }');
    writeFileSync(join(folder, 'node_modules', 'needed', 'index.js'), '');
    const answer = await validator(['competition', 'check', folder, '--json']);
    expect(answer.code, answer.stdout).toBe(0);
  });

  it('says so when npm can pack no tarball of it', async () => {
    const answer = await check({ version: undefined });
    expect(errorOf(answer)).toMatchObject({ code: 'PACKAGE_UNPACKABLE', fault: 'config' });
    expect(answer.code).toBe(2);
  });

  it('shows the hint of an error with a code, of a package that brings no core', async () => {
    const marked = `Object.assign(new Error('The poems are gone.'), { [Symbol.for('assay.error')]: true, code: 'POEMS_GONE', fault: 'network', hint: 'Look at the poem server.', retry: 'backoff', payload: {} })`;
    const answer = await check({}, drawing(`throw ${marked};`));
    expect(failedRows(answer)).toEqual([
      expect.objectContaining({
        reason: expect.stringMatching(/^POEMS_GONE: The poems are gone\.;/) as string,
        hint: 'Look at the poem server.',
      }),
    ]);
  });

  it('ends, also when a dataset does not', { timeout: 180_000 }, async () => {
    const answer = await check({}, drawing('for (;;) await new Promise((resolve) => setImmediate(resolve));'));
    expect(failedRows(answer)).toEqual([
      expect.objectContaining({ reason: expect.stringContaining('it was not done after 20 s') as string }),
    ]);
    expect(answer.code).toBe(1);
  });
});
