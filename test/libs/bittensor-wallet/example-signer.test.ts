import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { socketSigner } from '@assay/lib-bittensor-wallet';
import { sr25519Verify } from '@polkadot/util-crypto';
import { afterEach, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { newSocketPath } from './signer-servers.js';
import { never, newWallet, VECTORS } from './wallets.js';

const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'examples', 'signer', 'signer.js');
const MESSAGE = Buffer.from('weights of block 7');
const QUIET = { log: (): void => undefined };

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Running {
  path: string;
  child: ChildProcess;
  /** Lines of its log so far. */
  lines: Record<string, unknown>[];
}

/** The example in a process of its own, once it has written its first line. */
async function startExample(path: string, ...flags: string[]): Promise<Running> {
  const { path: wallets, name, hotkey } = newWallet(VECTORS.plain_keyfile_json);
  const wallet = ['--wallet.path', wallets, '--wallet.name', name, '--wallet.hotkey', hotkey];
  const child = spawn(process.execPath, [SCRIPT, '--socket', path, ...wallet, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  const log = createInterface({ input: child.stderr });
  log.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  await once(log, 'line');
  return { path, child, lines };
}

it('the example signs, logs each request, and has a socket for its own user alone', async () => {
  const { path, child, lines } = await startExample(newSocketPath());
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  const signer = await socketSigner({ path, address: VECTORS.plain.ss58Address }, QUIET);
  const signature = await signer.sign(MESSAGE, never(), 'set weights');
  expect(sr25519Verify(MESSAGE, signature, signer.publicKey)).toBe(true);
  await signer.close();
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  await expect.poll(() => lines.map(({ message }) => message)).toEqual(['listening', 'signed']);
  expect(lines[1]).toMatchObject({ purpose: 'set weights', bytes: MESSAGE.length });
});

it('the example refuses what its options do not allow', async () => {
  const flags = ['--allow', 'set weights', '--max-bytes', '20', '--per-minute', '2'];
  const { path, lines } = await startExample(newSocketPath(), ...flags);
  const signer = await socketSigner({ path }, QUIET);
  expect((await errorOf(signer.sign(MESSAGE, never(), 'transfer'))).message).toContain('this purpose is not allowed');
  expect((await errorOf(signer.sign(Buffer.alloc(21), never(), 'set weights'))).code).toBe('SIGNER_REFUSED');
  await signer.sign(MESSAGE, never(), 'set weights');
  await signer.sign(MESSAGE, never(), 'set weights');
  expect((await errorOf(signer.sign(MESSAGE, never(), 'set weights'))).message).toContain('in a minute');
  await expect.poll(() => lines.filter(({ message }) => message === 'refused').length).toBe(3);
  await signer.close();
});

it('the example survives what is no request', async () => {
  const { path } = await startExample(newSocketPath());
  const sent = ['nonsense\n', '[]\n', '{"version":1,"id":3}\n', '{"version":2,"id":4,"request":"hello"}\n'];
  const socket = connect(path);
  const received: unknown[] = [];
  await new Promise<void>((resolve) => {
    createInterface({ input: socket }).on('line', (line) => {
      if (received.push(JSON.parse(line)) === sent.length) resolve();
    });
    socket.write(sent.join(''));
  });
  socket.destroy();
  expect(received).toMatchObject([{ id: 0 }, { id: 0 }, { id: 3 }, { id: 4 }].map((one) => ({ ...one, error: {} })));
  const flood = connect(path);
  await new Promise((resolve) => {
    flood.on('error', () => undefined).on('close', resolve);
    flood.write(Buffer.alloc(1024 * 1024, 'x'));
  });
  const signer = await socketSigner({ path }, QUIET);
  expect(await signer.sign(MESSAGE, never())).toHaveLength(64);
  await signer.close();
});

it('the example takes the place of a signer that was killed, and of nothing else', async () => {
  const first = await startExample(newSocketPath());
  const second = await startExample(first.path);
  expect(second.lines[0]).toMatchObject({ level: 'error' });
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  expect((await startExample(first.path)).lines[0]).toMatchObject({ message: 'listening' });
  const file = newSocketPath();
  writeFileSync(file, 'mine');
  expect((await startExample(file)).lines[0]).toMatchObject({ level: 'error' });
});
