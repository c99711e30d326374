import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { validator, type Answer } from '../e2e/validator-process.js';
import { newFolder, ROOT } from '../e2e/world.js';
import { filesOfPage, writeFiles } from './page-files.js';

describe('the package that docs/build/plugin.md writes', () => {
  let folder: string;
  let run: (...args: string[]) => Promise<Answer>;
  beforeAll(() => {
    const home = newFolder();
    folder = join(home, 'package');
    writeFiles(
      folder,
      new Map([
        ...filesOfPage('plugin.md'),
        ['tsconfig.json', filesOfPage('competition.md').get('tsconfig.json') ?? ''],
      ]),
    );
    // In place of npm install: what this checkout has.
    mkdirSync(join(folder, 'node_modules', '@assay'), { recursive: true });
    symlinkSync(join(ROOT, 'core'), join(folder, 'node_modules', '@assay', 'core'));
    symlinkSync(join(ROOT, 'libs', 'http'), join(folder, 'node_modules', '@assay', 'lib-http'));
    symlinkSync(join(ROOT, 'node_modules', 'zod'), join(folder, 'node_modules', 'zod'));
    execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
      encoding: 'utf8',
    });
    const env = { XDG_DATA_HOME: home, XDG_CACHE_HOME: join(home, 'cache'), XDG_CONFIG_HOME: join(home, 'config') };
    run = (...args) => validator(args, { env, cwd: folder });
  });

  it('passes its checks', async () => {
    const answer = await run('competition', 'check', '.');
    expect(answer.code, answer.stdout).toBe(0);
  });

  it('is installed where no core is, and raises errors with a code all the same', { timeout: 180_000 }, async () => {
    const tarball = execFileSync('npm', ['pack', '--silent'], { cwd: folder, encoding: 'utf8' }).trim();
    const installed = await run('plugins', 'install', `./${tarball}`);
    expect(installed.code, installed.stderr).toBe(0);
    writeFileSync(join(folder, 'config.yaml'), 'rows: { use: my-rows, url: "http://127.0.0.1:9" }\n');
    expect((await run('competitions', '--config', 'config.yaml')).code).toBe(0);
    const entry = pathToFileURL(join(folder, '..', 'assay', 'node_modules', 'assay-my-rows', 'dist', 'index.js')).href;
    const script = `
      import { HOST_PACKAGES, provideModules } from '@assay/core/plugin/provided-modules';
      import { isAssayError } from '@assay/core/errors/assay-error';
      provideModules(HOST_PACKAGES.map((one) => ({ ...one, from: import.meta.url })));
      const { default: plugin } = await import('${entry}');
      const { signal } = new AbortController();
      const rows = await plugin.provides.rows.create({ url: 'http://127.0.0.1:9' }, {}, signal);
      await rows.splits('any', signal).catch((error) => console.log(JSON.stringify(isAssayError(error) && error.toReport())));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, encoding: 'utf8' });
    expect(JSON.parse(said)).toMatchObject({
      code: 'REQUEST_FAILED',
      fault: 'network',
      hint: 'Check that the server of the rows runs.',
      payload: { url: 'http://127.0.0.1:9/splits' },
    });
  });
});
