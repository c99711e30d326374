import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { validator } from './validator-process.js';
import { newFolder } from './world.js';

const PASSWORDS = { BT_PW__HOME_V_HOTKEY: 'NjEsJD4xOGU=', bt_pw_lower: 'NjEsJD4xOGU=' };

let folder: string;
let names: string;
let environment: Record<string, string>;

/** A program in npm's place writes down the names of its variables. */
beforeAll(() => {
  folder = newFolder();
  names = join(folder, 'names');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const program of ['npm', 'unshare']) {
    writeFileSync(join(bin, program), `#!/bin/sh\nenv | cut -d= -f1 >> '${names}'\nexit 1\n`);
    chmodSync(join(bin, program), 0o755);
  }
  environment = {
    ...PASSWORDS,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
});

const packageFolder = (): string => {
  const path = join(folder, 'package');
  mkdirSync(path, { recursive: true });
  const manifest = { name: 'foreign', version: '1.0.0', type: 'module', exports: './index.js' };
  writeFileSync(
    join(path, 'package.json'),
    JSON.stringify({ ...manifest, validator: { plugin: true, apiVersion: 1 } }),
  );
  writeFileSync(join(path, 'index.js'), 'export default {};');
  return path;
};

it.each([
  ['the check of a package', () => ['competition', 'check', packageFolder()]],
  ['the check of an evaluator’s network', () => ['evaluator', 'check']],
])('%s starts programs without the passwords of keyfiles', async (_what, args) => {
  writeFileSync(names, '');
  await validator(args(), { env: environment, cwd: folder });
  const seen = readFileSync(names, 'utf8').split('\n');
  expect(seen).toContain('PATH');
  expect(seen.filter((name) => /^bt_pw_/i.test(name))).toEqual([]);
});

it('an installed package’s scripts run without them', async () => {
  const path = join(folder, 'scripted');
  mkdirSync(path);
  const script = `env | cut -d= -f1 > '${names}'`;
  writeFileSync(
    join(path, 'package.json'),
    JSON.stringify({ name: 'scripted', version: '1.0.0', oclif: {}, scripts: { preinstall: script, install: script } }),
  );
  writeFileSync(names, '');
  const env = { ...environment, PATH: process.env['PATH'] ?? '' };
  await validator(['plugins', 'install', `file:${path}`], { env, cwd: folder });
  const seen = readFileSync(names, 'utf8').split('\n');
  expect(seen).toContain('PATH');
  expect(seen.filter((name) => /^bt_pw_/i.test(name))).toEqual([]);
});
