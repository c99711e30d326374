import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coldkeyAddress, fileSigner, hotkeyAddress } from '@assay/lib-bittensor-wallet';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { keptLog, newWallet, SERVICE, VECTORS, type LogLine, type TestWallet } from './wallets.js';

const CONTENT = VECTORS.plain_keyfile_json;
const isRoot = process.getuid?.() === 0;

describe('what is no file', () => {
  const kinds: [string, (wallet: TestWallet) => unknown, string][] = [
    ['a missing file', () => undefined, 'HOTKEY_MISSING'],
    [
      'a missing wallet',
      ({ path }) => {
        rmSync(path, { recursive: true });
      },
      'HOTKEY_MISSING',
    ],
    [
      'a folder',
      ({ file }) => {
        mkdirSync(file);
      },
      'KEYFILE_NOT_A_FILE',
    ],
    ['a pipe without a writer', ({ file }) => execFileSync('mkfifo', [file]), 'KEYFILE_NOT_A_FILE'],
    [
      'a link to a keyfile',
      ({ file, path }) => {
        linkTo(file, join(path, 'real'), CONTENT);
      },
      'KEYFILE_LINK',
    ],
    [
      'a link to a device',
      ({ file }) => {
        symlinkSync('/dev/zero', file);
      },
      'KEYFILE_LINK',
    ],
    [
      'a link to nowhere',
      ({ file }) => {
        symlinkSync('nowhere', file);
      },
      'KEYFILE_LINK',
    ],
    [
      'a link to itself',
      ({ file }) => {
        symlinkSync(file, file);
      },
      'KEYFILE_LINK',
    ],
    [
      '16 KiB and a byte',
      ({ file }) => {
        writeFileSync(file, Buffer.alloc(16 * 1024 + 1, ' '));
      },
      'KEYFILE_TOO_LARGE',
    ],
    [
      'a sparse terabyte',
      ({ file }) => {
        writeFileSync(file, '');
        truncateSync(file, 2 ** 40);
      },
      'KEYFILE_TOO_LARGE',
    ],
  ];

  it.each(kinds)('%s is refused, by both ways to read it', async (_what, make, code) => {
    const wallet = newWallet();
    make(wallet);
    expect((await errorOf(fileSigner(wallet, SERVICE))).code).toBe(code);
    const address = code === 'HOTKEY_MISSING' ? 'HOTKEY_ADDRESS_UNKNOWN' : code;
    expect((await errorOf(hotkeyAddress(wallet, SERVICE))).code).toBe(address);
  });

  it('a socket is refused', async () => {
    const wallet = newWallet();
    const server = createServer().listen(wallet.file);
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await errorOf(fileSigner(wallet, SERVICE))).toMatchObject({
      code: 'KEYFILE_NOT_A_FILE',
      payload: { kind: 'socket' },
    });
    server.close();
  });

  it.skipIf(!isRoot)('a device is refused (skipped unless root: only root makes one)', async () => {
    const wallet = newWallet();
    execFileSync('mknod', [wallet.file, 'c', '1', '5']);
    expect(await errorOf(fileSigner(wallet, SERVICE))).toMatchObject({
      code: 'KEYFILE_NOT_A_FILE',
      payload: { kind: 'device' },
    });
  });

  it('the public file is refused where it is a link', async () => {
    const wallet = newWallet(CONTENT);
    symlinkSync(wallet.file, join(wallet.hotkeys, 'validatorpub.txt'));
    expect((await errorOf(hotkeyAddress(wallet, SERVICE))).code).toBe('KEYFILE_LINK');
  });

  it('a mounted secret of Kubernetes, a link within its mount, is refused with a word on subPath', async () => {
    const wallet = newWallet();
    mkdirSync(join(wallet.hotkeys, '..2026'));
    writeFileSync(join(wallet.hotkeys, '..2026', 'validator'), CONTENT);
    symlinkSync('..2026', join(wallet.hotkeys, '..data'));
    symlinkSync('..data/validator', wallet.file);
    const error = await errorOf(fileSigner(wallet, SERVICE));
    expect(error.code).toBe('KEYFILE_LINK');
    expect(error.hint).toContain('subPath');
  });

  it('a folder above may be a link', async () => {
    const wallet = newWallet(CONTENT);
    const path = `${wallet.path}-link`;
    symlinkSync(wallet.path, path);
    const signer = await fileSigner({ ...wallet, path }, SERVICE);
    await signer.close();
  });
});

function linkTo(file: string, target: string, content: string): void {
  writeFileSync(target, content);
  symlinkSync(target, file);
}

describe('what is warned about', () => {
  async function warnings(wallet: TestWallet): Promise<LogLine[]> {
    const { log, lines } = keptLog();
    const signer = await fileSigner(wallet, { ...SERVICE, log });
    await signer.close();
    return lines;
  }

  it.each([0o600, 0o400])('nothing at mode %o', async (mode) => {
    expect(await warnings(newWallet(CONTENT, mode))).toEqual([]);
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o601])('mode %o, which is looser than 0600', async (mode) => {
    const wallet = newWallet(CONTENT, mode);
    expect(await warnings(wallet)).toEqual([
      {
        level: 'warn',
        message: 'key file is open to other users: chmod 600 it',
        context: { path: wallet.file, mode: mode.toString(8).padStart(4, '0') },
      },
    ]);
  });

  it.each([
    ['the file', ({ hotkeys }) => hotkeys],
    ['the folder of the hotkeys', ({ path }) => join(path, 'main')],
    ['the wallet', ({ path }) => path],
  ] satisfies [string, (wallet: TestWallet) => string][])(
    'a folder in which others may exchange %s',
    async (_what, folderOf) => {
      const wallet = newWallet(CONTENT);
      const folder = folderOf(wallet);
      chmodSync(folder, 0o777);
      expect(await warnings(wallet)).toMatchObject([{ level: 'warn', context: { folder, mode: '0777' } }]);
      chmodSync(folder, 0o1777);
      expect(await warnings(wallet)).toEqual([]);
      chmodSync(folder, 0o755);
      expect(await warnings(wallet)).toEqual([]);
    },
  );

  it('a folder further above, and one that a link leads through', async () => {
    const wallet = newWallet(CONTENT);
    const above = mkdtempSync(join(tmpdir(), 'above-'));
    const path = join(above, 'home', 'wallets');
    mkdirSync(join(above, 'home'));
    renameSync(wallet.path, path);
    chmodSync(above, 0o775);
    const expected = [{ message: expect.stringContaining('folder of the key') as string, context: { folder: above } }];
    expect(await warnings({ ...wallet, path })).toMatchObject(expected);
    const link = join(mkdtempSync(join(tmpdir(), 'link-')), 'wallets');
    symlinkSync(path, link);
    expect(await warnings({ ...wallet, path: link })).toMatchObject(expected);
  });

  it.skipIf(!isRoot)('a file of another user (skipped unless root: only root gives files away)', async () => {
    const wallet = newWallet(CONTENT);
    chownSync(wallet.file, 12345, 12345);
    expect(await warnings(wallet)).toMatchObject([
      { message: 'key file belongs to another user', context: { owner: 12345 } },
    ]);
  });

  it('a public file that others may write, and none that they may read', async () => {
    const wallet = newWallet();
    const file = join(wallet.hotkeys, 'validatorpub.txt');
    writeFileSync(file, JSON.stringify({ ss58Address: VECTORS.plain.ss58Address }));
    chmodSync(file, 0o644);
    const { log, lines } = keptLog();
    await hotkeyAddress(wallet, { ...SERVICE, log });
    expect(lines).toEqual([]);
    chmodSync(file, 0o666);
    await hotkeyAddress(wallet, { ...SERVICE, log });
    expect(lines).toMatchObject([{ level: 'warn', context: { mode: '0666' } }]);
  });

  it('a hard link is a file as any other', async () => {
    const wallet = newWallet();
    const other = newWallet(CONTENT);
    linkSync(other.file, wallet.file);
    expect(await warnings(wallet)).toEqual([]);
  });
});

it('never opens the coldkey (skipped where the file system keeps no time of access)', async (context) => {
  const wallet = newWallet(CONTENT);
  const coldkey = join(wallet.path, 'main', 'coldkey');
  writeFileSync(coldkey, CONTENT);
  const past = new Date('2020-01-01');
  const neverRead = (): void => {
    utimesSync(coldkey, past, new Date());
  };
  neverRead();
  readFileSync(coldkey);
  context.skip(statSync(coldkey).atimeMs === past.getTime(), 'the file system keeps no time of access');
  neverRead();
  const signer = await fileSigner(wallet, SERVICE);
  await signer.close();
  await hotkeyAddress(wallet, SERVICE);
  await errorOf(coldkeyAddress(wallet, SERVICE));
  expect(statSync(coldkey).atimeMs).toBe(past.getTime());
});

it('reads the address of the coldkey out of its public file', async () => {
  const wallet = newWallet();
  expect((await errorOf(coldkeyAddress(wallet, SERVICE))).code).toBe('COLDKEY_ADDRESS_UNKNOWN');
  writeFileSync(
    join(wallet.path, 'main', 'coldkeypub.txt'),
    JSON.stringify({ ss58Address: VECTORS.plain.ss58Address }),
  );
  expect(await coldkeyAddress(wallet, SERVICE)).toBe(VECTORS.plain.ss58Address);
});
