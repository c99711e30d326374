import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
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

it.each([
  ['--max-bytes', 'abc'],
  ['--max-bytes', ''],
  ['--max-bytes', '1e3'],
  ['--per-minute', 'sixty'],
  ['--per-minute', '-1'],
  ['--mode', '666'],
])('the example does not start with %s %j', async (flag, value) => {
  const { path, lines } = await startExample(newSocketPath(), `${flag}=${value}`);
  expect(lines[0]).toMatchObject({ level: 'error', message: expect.stringContaining(flag) as string });
  expect(existsSync(path)).toBe(false);
});

it('the example opens its socket to its group where it is told to', async () => {
  const { path } = await startExample(newSocketPath(), '--mode', '660');
  expect(lstatSync(path).mode & 0o777).toBe(0o660);
});

it('the example reads no more than it answers', async () => {
  const { path, lines } = await startExample(newSocketPath());
  const socket = connect(path).on('error', () => undefined);
  socket.pause();
  const requests = Buffer.from('{"version":1,"id":1,"request":"hello"}\n'.repeat(25_000));
  for (let part = 0; part < 32; part += 1) socket.write(requests);
  let before = -1;
  while (before !== socket.bytesWritten - socket.writableLength) {
    before = socket.bytesWritten - socket.writableLength;
    await sleep(1500);
  }
  expect(socket.writableLength).toBeGreaterThan(16 * requests.length);
  socket.destroy();
  const refused = connect(path).on('error', () => undefined);
  refused.write('nonsense\n'.repeat(10_000));
  await sleep(1000);
  refused.destroy();
  const count = lines.filter(({ message }) => message === 'refused').length;
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(20);
});

it('the example ends a connection with too long a line, and shows no purpose that could deceive', async () => {
  const { path, lines } = await startExample(newSocketPath());
  const socket = connect(path).on('error', () => undefined);
  const received: string[] = [];
  socket.on('data', (chunk) => received.push(chunk.toString()));
  socket.write(`${'x'.repeat(256 * 1024 + 1)}\n{"version":1,"id":7,"request":"hello"}\n`);
  await once(socket, 'close');
  expect(received).toEqual([]);
  const asked = connect(path);
  const request = { version: 1, id: 1, request: 'sign', address: VECTORS.plain.ss58Address, message: '0x00' };
  asked.write(`${JSON.stringify({ ...request, purpose: 'set \u202ew\u009b' })}\n`);
  expect(await new Promise((resolve) => createInterface({ input: asked }).once('line', resolve))).toContain(
    'not shown',
  );
  asked.destroy();
  const noted = lines.filter(({ level }) => level !== 'debug').map(({ message }) => message);
  expect(noted).toEqual(['listening', 'refused']);
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
