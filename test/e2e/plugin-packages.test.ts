import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorOf, validator, type Answer } from './validator-process.js';
import { newFolder } from './world.js';

/** A package as somebody else writes it, with a container of its own and of another version than ours. */
const INDEX = `import 'reflect-metadata';
import { Container } from 'inversify';
const EPSILON = Symbol.for('assay.EpsilonFunction');
const container = new Container();
container.bind(EPSILON).toConstantValue({ type: 'fixed', epsilon: 0.01 });
const competition = {
  id: 77, name: 'foreign', epsilon: container.get(EPSILON),
  constraints: { minParameters: 1, maxParameters: 2, maxBytes: 300, architectures: ['LlamaForCausalLM'], sequenceLength: 4 },
  tokenizer: { kind: 'builtin', name: 'cl100k_base' },
  tasks: [{ name: 't', kind: 'text-loss', dataset: 'tiiuae/falcon-refinedweb', pages: 1, batchSize: 1, packSamples: true, weight: 1, normalization: { type: 'none' } }],
  comparison: 'mean-loss', onDatasetFailure: 'skip-round',
};
export default { apiVersion: 1, name: 'foreign', provides: { competitions: [competition] } };
`;

let folder: string;
let home: Record<string, string>;

function packageAt(name: string, change: Readonly<Record<string, unknown>> = {}, index = INDEX): string {
  const path = join(folder, name);
  mkdirSync(path);
  const manifest = {
    name: 'foreign-competition',
    version: '1.2.3',
    type: 'module',
    exports: { import: './index.js' },
    files: ['index.js'],
    validator: { plugin: true, apiVersion: 1 },
    oclif: {},
    dependencies: { inversify: '7.11.0', 'reflect-metadata': '0.2.2' },
    ...change,
  };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(path, 'index.js'), index);
  return path;
}

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args, '--silent', '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' }).trim();
const run = (...args: string[]): Promise<Answer> => validator(args, { env: home, cwd: folder });
const names = async (): Promise<string[]> =>
  (JSON.parse((await run('competitions', '--json')).stdout) as { competitions: { name: string }[] }).competitions.map(
    ({ name }) => name,
  );

beforeAll(() => {
  folder = newFolder();
  home = {
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
});

describe('validator plugins', () => {
  it('installs a tarball of npm pack, with its own inversify, and removes it again', { timeout: 180_000 }, async () => {
    const path = packageAt('foreign');
    const tarball = join('foreign', npm(['pack'], path));
    const installed = await run('plugins', 'install', `./${tarball}`);
    expect(installed.code, installed.stderr).toBe(0);
    expect(
      JSON.parse(readFileSync(join(folder, 'data', 'assay', 'node_modules', 'inversify', 'package.json'), 'utf8')),
    ).toMatchObject({ version: '7.11.0' });
    const { competitions } = JSON.parse((await run('competitions', 'foreign', '--json')).stdout) as {
      competitions: unknown[];
    };
    expect(competitions).toMatchObject([
      { name: 'foreign', id: 77, package: 'foreign', epsilon: { rule: 'fixed', epsilon: 0.01 } },
    ]);
    expect((await run('plugins', 'uninstall', 'foreign-competition')).code).toBe(0);
    expect(await names()).not.toContain('foreign');
  });

  it.each<[what: string, change: Record<string, unknown>, index: string, code: string]>([
    ['made for another version', { validator: { plugin: true, apiVersion: 2 } }, INDEX, 'PLUGIN_API_VERSION'],
    [
      'that exports something else',
      {},
      'export default { apiVersion: 1, name: "foreign", provides: { competitions: [{ id: 1 }] } };',
      'PLUGIN_MALFORMED',
    ],
    ["that can't be loaded", {}, 'import "not-there";', 'PLUGIN_BROKEN'],
    [
      'that says its version as a text',
      { name: 'foreign-text', validator: { plugin: true, apiVersion: '1' } },
      INDEX,
      'PLUGIN_MALFORMED',
    ],
    ['that says of itself nothing', { name: 'foreign-nothing', validator: undefined }, INDEX, 'PLUGIN_MALFORMED'],
  ])('refuses a package %s, and says why', { timeout: 180_000 }, async (what, change, index, code) => {
    const path = packageAt(`bad-${what.replaceAll(/\W/g, '-')}`, { dependencies: {}, ...change }, index);
    const tarball = join(path, npm(['pack'], path));
    const refused = await run('plugins', 'install', tarball);
    expect(refused.code, what).toBe(2);
    expect(refused.stderr).toContain(`${code}: `);
    expect(await names()).toContain('refined-web');
    expect((await run('plugins')).stdout).not.toContain('foreign-');
  });

  it(
    'keeps a package of commands alone, and says that nothing else is taken from it',
    { timeout: 180_000 },
    async () => {
      const path = packageAt('commands', {
        name: 'foreign-commands',
        dependencies: {},
        validator: undefined,
        oclif: { commands: './commands' },
      });
      const kept = await run('plugins', 'install', join(path, npm(['pack'], path)));
      expect([kept.code, kept.stderr]).toEqual([0, expect.stringContaining('foreign-commands adds commands alone')]);
      expect(await names()).not.toContain('foreign');
      await run('plugins', 'uninstall', 'foreign-commands');
    },
  );

  it.each<[what: string, change: Record<string, unknown>, said: string]>([
    [
      'without the key that the installer looks for',
      { name: 'foreign-keyless', dependencies: {}, oclif: undefined },
      'Write "oclif": {} and "validator"',
    ],
    [
      'that needs what no registry has',
      { name: 'foreign-needy', dependencies: { '@assay/core': '0.1.0' } },
      'Where it does not find an @assay/ package',
    ],
  ])('says what to write into the package.json of one %s', { timeout: 180_000 }, async (what, change, said) => {
    const path = packageAt(`unfit-${what.replaceAll(/\W/g, '-')}`, change);
    const refused = await run('plugins', 'install', join(path, npm(['pack'], path)));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr.replaceAll(/\s+›?\s*/g, ' ')).toContain(said);
  });

  it('links a folder, so that a change in it counts at once', { timeout: 180_000 }, async () => {
    const path = packageAt(
      'linked',
      { dependencies: {} },
      INDEX.replace(/^import.*$/gm, '')
        .replace(/^const container.*$|^container\.bind.*$|^const EPSILON.*$/gm, '')
        .replace('container.get(EPSILON)', '{ type: "fixed", epsilon: 0.01 }'),
    );
    expect((await run('plugins', 'link', '--no-install', './linked')).code).toBe(0);
    expect(await names()).toContain('foreign');
    writeFileSync(
      join(path, 'index.js'),
      readFileSync(join(path, 'index.js'), 'utf8').replace("name: 'foreign', epsilon", "name: 'renamed', epsilon"),
    );
    expect(await names()).toContain('renamed');
    expect((await run('plugins', 'uninstall', 'foreign-competition')).code).toBe(0);
    expect(await names()).not.toContain('renamed');
  });
});

describe('validator competition new', () => {
  it('makes a package that builds, passes its checks and runs on the demo network', { timeout: 180_000 }, async () => {
    const made = await run('competition', 'new', 'fresh');
    expect(made.code, made.stderr).toBe(0);
    const path = join(folder, 'fresh');
    expect(existsSync(join(path, 'vendor', 'assay-core-0.1.0.tgz'))).toBe(true);
    npm(['install'], path);
    expect(lstatSync(join(path, 'node_modules', '@assay', 'core')).isSymbolicLink()).toBe(false);
    expect(npm(['test'], path)).toContain('has an epsilon in [0, 1) that never grows with age');
    npm(['run', 'demo'], path);
    expect(existsSync(join(path, '.demo', 'journal.db'))).toBe(true);
    const rounds = await validator(['journal', 'ls', '--json', '--config', join(path, 'demo.yaml')], {
      env: home,
      cwd: path,
    });
    expect(rounds.stdout).toContain('fresh');
    const tarball = npm(['pack'], path);
    expect((await run('plugins', 'install', join(path, tarball))).code).toBe(0);
    expect(await names()).toContain('fresh');
    await run('plugins', 'uninstall', 'competition-fresh');
  });

  it.each<[code: string, ...args: string[]]>([
    ['PACKAGE_FOLDER_TAKEN', 'competition', 'new', 'fresh'],
    ['PACKAGE_FOLDER_TAKEN', 'subnet', 'new', 'fresh'],
    ['PACKAGE_FOLDER_TAKEN', 'subnet', 'new', 'other', '--folder', 'a-file'],
    ['PACKAGE_FOLDER_UNWRITABLE', 'subnet', 'new', 'other', '--folder', '/sys/other'],
    ['PACKAGE_NAME_INVALID', 'competition', 'new', '../Up'],
    ['PACKAGE_NAME_INVALID', 'subnet', 'new', 'Up'],
    ['PACKAGE_NAME_INVALID', 'subnet', 'new', 'a'.repeat(61)],
    ['PACKAGE_NAME_TAKEN', 'competition', 'new', 'refined-web'],
    ['PACKAGE_NAME_TAKEN', 'subnet', 'new', 'pretraining'],
    ['PACKAGE_NAME_TAKEN', 'subnet', 'new', 'subtensor'],
  ])('answers %s to %s %s %s', async (code, ...args) => {
    writeFileSync(join(folder, 'a-file'), '');
    const answer = await run(...args, '--json');
    expect(errorOf(answer)).toMatchObject({ code, fault: 'config' });
    expect(answer.code).toBe(2);
    expect(readdirSync(folder)).not.toContain('other');
  });
});

describe('validator subnet new', () => {
  it('makes a package that installs, passes its tests and starts', { timeout: 240_000 }, async () => {
    const made = await run('subnet', 'new', 'haiku', '--netuid', '40');
    expect(made.code, made.stderr).toBe(0);
    const path = join(folder, 'haiku');
    npm(['install'], path);
    expect(npm(['test'], path)).toMatch(/subnet haiku +chooses rules that are installed[^]*\nok 1 - the first owner/);
    expect(npm(['start'], path)).toContain('Weights set at block');
    const weights = await validator(['chain', 'weights', '--json', '--config', join(path, 'validator.yaml')], {
      env: home,
      cwd: path,
    });
    expect(JSON.parse(weights.stdout)).toMatchObject({ netuid: 40 });
    const tarball = npm(['pack'], path);
    expect((await run('plugins', 'install', join(path, tarball))).code).toBe(0);
    expect(await names()).toContain('haiku');
    await run('plugins', 'uninstall', 'subnet-haiku');
  });
});
