import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from 'vitest';
import { allOf, eventsOf, startRun, validator } from './validator-process.js';
import { newWorld, ROOT } from './world.js';

/** It has committed a moment ago, and plays when enough blocks have passed. */
const RESTING = 21;

/** One of the machine is not known to the hub of the examples. */
const NO_TOKEN = { HF_TOKEN: '', HF_ACCESS_TOKEN: '' };

const servers: { kill(signal: NodeJS.Signals): boolean }[] = [];

afterAll(() => {
  for (const server of servers) server.kill('SIGKILL');
});

/** The hub of the examples in a process of its own, and its address. */
async function startHub(root: string, ...flags: string[]): Promise<string> {
  const script = join(ROOT, 'examples', 'hub', 'server.js');
  const child = spawn(process.execPath, [script, '--root', root, '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return /http:\S+/.exec(line)?.[0] ?? '';
}

it('judges the demo’s miners from a hub as from a folder, also after kill -9', { timeout: 240_000 }, async () => {
  const world = newWorld();
  const hub = await startHub(join(world.folder, 'network', 'repos'), '--bytes-per-second', '2000000');
  const config = join(world.folder, 'hub.yaml');
  const example = readFileSync(join(ROOT, 'examples', 'hub.yaml'), 'utf8');
  writeFileSync(
    config,
    example
      .replaceAll('../.assay/demo', world.folder)
      .replaceAll('../.assay/hub', join(world.folder, 'of-hub'))
      .replaceAll('http://127.0.0.1:8080', hub),
  );
  const cut = startRun(['--config', config], { env: NO_TOKEN });
  await cut.saw('download-progress');
  cut.kill('SIGKILL');
  await cut.ended;
  const rounds = async (file: string): Promise<unknown[]> => {
    const { code, stdout, stderr } = await validator(['run', '--config', file, '--once', '--json'], { env: NO_TOKEN });
    if (code !== 0) throw new Error(stderr + stdout.slice(-2000));
    return allOf(eventsOf(stdout), 'round-finished').map(({ competition, rows }) => ({
      competition: competition.name,
      rows: rows.flatMap(({ uid, error }) => (uid === RESTING ? [] : `${uid} ${error?.code ?? ''}`)).sort(),
    }));
  };
  expect(await rounds(config)).toEqual(await rounds(world.config));
  expect(statSync(join(world.folder, 'of-hub', 'store', 'models')).isDirectory()).toBe(true);
});
