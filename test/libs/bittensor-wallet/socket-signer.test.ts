import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { socketSigner, type Signer } from '@assay/lib-bittensor-wallet';
import { afterEach, describe, expect, it } from 'vitest';
import { sr25519Verify } from '@polkadot/util-crypto';
import { errorOf } from '../../error-of.js';
import {
  answerLine,
  honest,
  newSocketPath,
  signingAs,
  startServer,
  type Answer,
  type TestServer,
} from './signer-servers.js';
import { keptLog, never, OTHER_KEY, VECTORS } from './wallets.js';

const QUIET = { log: (): void => undefined };
const MESSAGE = Buffer.from('a message');
const address = VECTORS.plain.ss58Address;
const isRoot = process.getuid?.() === 0;

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function serving(answer: Answer, path?: string, mode?: number): Promise<TestServer> {
  const server = await startServer(answer, path, mode);
  open.push(server);
  return server;
}

async function signerAt(path: string, options: { timeoutMs?: number; address?: string } = {}): Promise<Signer> {
  const signer = await socketSigner({ path, timeoutMs: 5000, ...options }, QUIET);
  open.push(signer);
  return signer;
}

const codeOf = async (work: Promise<unknown>): Promise<string> => (await errorOf(work)).code;

describe('a signer behind a socket', () => {
  it('signs what verifies, several at a time over one connection', async () => {
    const server = await serving(honest);
    const signer = await signerAt(server.path);
    expect(signer.address).toBe(address);
    const messages = Array.from({ length: 20 }, (_, index) => Buffer.from(`message ${index}`));
    const signatures = await Promise.all(messages.map((message) => signer.sign(message, never(), 'test')));
    signatures.forEach((signature, index) => {
      expect(sr25519Verify(messages[index] ?? '', signature, signer.publicKey)).toBe(true);
    });
    expect(server.connections()).toBe(1);
  });

  it('takes answers in any order', async () => {
    const held: string[] = [];
    const late = signingAs((request, socket) => {
      held.push(honest(request, socket) ?? '');
      return held.length === 2 ? held.reverse().join('') : undefined;
    });
    const signer = await signerAt((await serving(late)).path);
    const both = await Promise.all([signer.sign(Buffer.from('a'), never()), signer.sign(Buffer.from('b'), never())]);
    expect(both).toHaveLength(2);
  });

  it('says what a signature is for', async () => {
    const requests: unknown[] = [];
    const noted: Answer = (request, socket) => {
      requests.push(request);
      return honest(request, socket);
    };
    const signer = await signerAt((await serving(noted)).path);
    await signer.sign(MESSAGE, never(), 'set weights\n');
    expect(requests[1]).toEqual({
      version: 1,
      id: 2,
      request: 'sign',
      address,
      message: `0x${MESSAGE.toString('hex')}`,
      purpose: 'set weights�',
    });
  });

  it('connects again after the signer was started anew', async () => {
    const first = await startServer(honest);
    const signer = await signerAt(first.path);
    await first.close();
    setTimeout(() => void serving(honest, first.path), 500);
    expect(await signer.sign(MESSAGE, never())).toHaveLength(64);
  });

  it('waits for a signer that starts after it', async () => {
    const path = newSocketPath();
    setTimeout(() => void serving(honest, path), 500);
    expect((await signerAt(path)).address).toBe(address);
  });

  it('signs nothing once it is closed', async () => {
    const signer = await signerAt((await serving(honest)).path);
    await signer.close();
    expect(await codeOf(signer.sign(MESSAGE, never()))).toBe('SIGNER_CLOSED');
  });

  it('gives up when it is told to, and the next request works', async () => {
    let silent = true;
    const shy = signingAs((request, socket) => (silent ? undefined : honest(request, socket)));
    const signer = await signerAt((await serving(shy)).path);
    expect(await codeOf(signer.sign(MESSAGE, AbortSignal.timeout(200)))).toBe('ABORTED');
    silent = false;
    expect(await signer.sign(MESSAGE, never())).toHaveLength(64);
  });

  it('refuses a message of more than 64 KiB before it is sent', async () => {
    const signer = await signerAt((await serving(honest)).path);
    expect(await codeOf(signer.sign(Buffer.alloc(65537), never()))).toBe('SIGNER_MESSAGE_TOO_LONG');
    expect(await signer.sign(Buffer.alloc(65536), never())).toHaveLength(64);
  });
});

describe('a hostile signer', () => {
  const otherSignature = `0x${'11'.repeat(64)}`;
  const answers: [string, Answer, string][] = [
    ['signs wrongly', ({ id }) => answerLine(id, { signature: otherSignature }), 'SIGNER_SIGNATURE_WRONG'],
    [
      'signs another message',
      ({ id }, socket) => honest({ id, request: 'sign', message: '0x00' }, socket),
      'SIGNER_SIGNATURE_WRONG',
    ],
    ['refuses', ({ id }) => answerLine(id, { error: { message: 'not allowed \u001b[31m' } }), 'SIGNER_REFUSED'],
    ['is silent', () => undefined, 'SIGNER_SILENT'],
    ['answers half a line', ({ id }) => answerLine(id, { signature: otherSignature }).slice(0, -20), 'SIGNER_SILENT'],
    [
      'sends blanks for ever',
      (_request, socket) => {
        dripping(socket);
      },
      'SIGNER_SILENT',
    ],
    ['sends no JSON', () => 'hello\n', 'SIGNER_ANSWER_INVALID'],
    ['sends bytes', () => `${String.fromCharCode(0, 255, 13)}\n`, 'SIGNER_ANSWER_INVALID'],
    ['sends a list', () => '[]\n', 'SIGNER_ANSWER_INVALID'],
    ['sends deep JSON', () => `${'['.repeat(100_000)}\n`, 'SIGNER_ANSWER_INVALID'],
    [
      'is of another version',
      ({ id }) => answerLine(id, { version: 2, signature: otherSignature }),
      'SIGNER_ANSWER_INVALID',
    ],
    ['answers another request', ({ id }) => answerLine(id + 7, { signature: otherSignature }), 'SIGNER_ANSWER_INVALID'],
    ['answers with an address', ({ id }) => answerLine(id, { address }), 'SIGNER_ANSWER_INVALID'],
    [
      'signs with 63 bytes',
      ({ id }) => answerLine(id, { signature: otherSignature.slice(0, -2) }),
      'SIGNER_ANSWER_INVALID',
    ],
    ['sends a huge line', () => 'x'.repeat(1024 * 1024), 'SIGNER_ANSWER_INVALID'],
    [
      'closes',
      (_request, socket) => {
        socket.destroy();
        return undefined;
      },
      'SIGNER_DISCONNECTED',
    ],
    [
      'closes mid-line',
      ({ id }, socket) => {
        socket.end(answerLine(id, {}).slice(0, 10));
        return undefined;
      },
      'SIGNER_DISCONNECTED',
    ],
  ];

  it.each(answers)('that %s gives a coded error, and can be asked again', async (_what, answer, code) => {
    let hostile = true;
    const fickle = signingAs((request, socket) => (hostile ? answer(request, socket) : honest(request, socket)));
    const signer = await signerAt((await serving(fickle)).path, { timeoutMs: 1000 });
    const error = await errorOf(signer.sign(MESSAGE, never()));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('\u001b');
    expect(['config', 'validator']).toContain(error.fault);
    hostile = false;
    expect(await signer.sign(MESSAGE, never())).toHaveLength(64);
  });

  it.each([
    ['no address', ({ id }) => answerLine(id, { address: 'me' }), 'SIGNER_ANSWER_INVALID'],
    [
      'another address than asked for',
      ({ id }) => answerLine(id, { address: OTHER_KEY.ss58Address }),
      'SIGNER_ADDRESS_DIFFERS',
    ],
    ['nothing', () => undefined, 'SIGNER_SILENT'],
    ['a refusal', ({ id }) => answerLine(id, { error: { message: 'no' } }), 'SIGNER_REFUSED'],
  ] satisfies [string, Answer, string][])('that says hello with %s ends the start', async (_what, answer, code) => {
    const { path } = await serving(answer);
    expect(await codeOf(signerAt(path, { address, timeoutMs: 1000 }))).toBe(code);
  });

  it('that comes back with another address is not used', async () => {
    const first = await startServer(honest);
    const signer = await signerAt(first.path);
    await first.close();
    await serving(({ id }) => answerLine(id, { address: OTHER_KEY.ss58Address }), first.path);
    expect(await codeOf(signer.sign(MESSAGE, never()))).toBe('SIGNER_ADDRESS_DIFFERS');
  });
});

function dripping(socket: { write(text: string): boolean; destroyed: boolean }): undefined {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(' ');
  }, 50);
  return undefined;
}

describe('the file of the socket', () => {
  it.each([
    ['is missing', () => undefined, 'SIGNER_UNREACHABLE'],
    [
      'is a file',
      (path) => {
        writeFileSync(path, '');
      },
      'SIGNER_SOCKET_REFUSED',
    ],
    [
      'is a folder',
      (path) => {
        mkdirSync(path);
      },
      'SIGNER_SOCKET_REFUSED',
    ],
    [
      'is a link',
      (path) => {
        symlinkSync('elsewhere', path);
      },
      'SIGNER_SOCKET_REFUSED',
    ],
  ] satisfies [string, (path: string) => unknown, string][])('that %s is an error', async (_what, make, code) => {
    const path = newSocketPath();
    make(path);
    expect(await codeOf(signerAt(path, { timeoutMs: 500 }))).toBe(code);
  });

  it('on which nobody listens is an error', async () => {
    const server = await startServer(honest);
    const path = `${server.path}.old`;
    linkSync(server.path, path);
    await server.close();
    expect(await errorOf(signerAt(path, { timeoutMs: 500 }))).toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      payload: { reason: 'ECONNREFUSED' },
    });
  });

  it.each([0o666, 0o602])('that everybody may use, mode %o, is refused', async (mode) => {
    expect(await codeOf(signerAt((await serving(honest, undefined, mode)).path))).toBe('SIGNER_SOCKET_REFUSED');
  });

  it('that its group may use is warned about', async () => {
    const { path } = await serving(honest, undefined, 0o660);
    const { log, lines } = keptLog();
    open.push(await socketSigner({ path }, { log }));
    expect(lines).toMatchObject([{ level: 'warn', context: { path } }, { level: 'debug' }]);
  });

  it.skipIf(!isRoot)('of another user is refused unless the option names the user (skipped unless root)', async () => {
    const { path } = await serving(honest);
    chownSync(path, 12345, 12345);
    chmodSync(path, 0o600);
    expect(await codeOf(signerAt(path))).toBe('SIGNER_SOCKET_REFUSED');
    open.push(await socketSigner({ path, owner: 12345 }, QUIET));
  });
});
