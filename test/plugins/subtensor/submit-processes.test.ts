import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SubmissionTicket } from '@assay/core/contracts/chain-client';
import { HotkeyLock } from '@assay/plugin-subtensor/dist/submit/lock.js';
import { errorOf } from '../../error-of.js';
import { missing, titled } from './opened.js';
import { atEnd, never, until, type Line } from './scripted-link.js';
import { keepMaking, newWallet, openSubmitter, soon, startNode } from './submitting.js';

/** The built modules: children run without a compiler. */
const CHILDREN = join(import.meta.dirname, '..', '..', 'dist', 'plugins', 'subtensor');

function start(script: string, args: readonly string[]): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [join(CHILDREN, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  atEnd(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
  });
  return { child, said: () => said };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-lock-'));
  atEnd(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('the lock of a hotkey', () => {
  it('is held by one at a time in one process', async () => {
    const file = join(newFolder(), 'h');
    let holders = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      holders += 1;
      most = Math.max(most, holders);
      await sleep(30);
      holders -= 1;
    };
    await Promise.all([1, 2, 3].map(() => new HotkeyLock(file, () => undefined).hold(never(), work)));
    expect(most).toBe(1);
    expect(existsSync(`${file}.assay-lock`)).toBe(true);
  });

  it.each([false, true])(
    'keeps other processes out, until its process is killed: by a symbolic link %s',
    async (linked) => {
      const folder = newFolder();
      const file = join(folder, 'h');
      writeFileSync(file, '');
      if (linked) symlinkSync(file, join(folder, 'link'));
      const { child, said } = start('lock-child.js', [file]);
      await until(() => said() === 'held');
      const log: Line[] = [];
      let taken = false;
      const lock = new HotkeyLock(linked ? join(folder, 'link') : file, (level, message, context = {}) =>
        log.push({ level, message, context }),
      );
      const holding = lock.hold(never(), async () => {
        taken = true;
        return Promise.resolve();
      });
      await sleep(500);
      expect(taken).toBe(false);
      expect(log).toMatchObject([{ level: 'info', context: { pid: child.pid } }]);
      await kill(child);
      await holding;
      expect(taken).toBe(true);
    },
  );

  it('is waited for until the signal', async () => {
    const file = join(newFolder(), 'h');
    const { said } = start('lock-child.js', [file]);
    await until(() => said() === 'held');
    const work = (): Promise<void> => Promise.reject(new Error('it was taken'));
    const error = await errorOf(new HotkeyLock(file, () => undefined).hold(AbortSignal.timeout(300), work));
    expect(error.code).toBe('ABORTED');
  });

  it('lies in the temporary directory where the folder can not be written', async () => {
    const beside = join(newFolder(), 'missing', 'h');
    const log: Line[] = [];
    const lock = new HotkeyLock(beside, (level, message, context = {}) => log.push({ level, message, context }));
    const again = new HotkeyLock(beside, () => undefined);
    await lock.hold(never(), async () => {
      expect((await errorOf(again.hold(AbortSignal.timeout(250), () => Promise.resolve()))).code).toBe('ABORTED');
    });
    const path = String(log[0]?.context['path']);
    expect(path.startsWith(join(tmpdir(), 'assay-'))).toBe(true);
    rmSync(path, { force: true });
  });

  it('that is no lock is a coded error', async () => {
    const file = join(newFolder(), 'h');
    writeFileSync(`${file}.assay-lock`, 'this is a text of somebody, and none of ours. '.repeat(100));
    const error = await errorOf(new HotkeyLock(file, () => undefined).hold(never(), () => Promise.resolve()));
    expect(error).toMatchObject({ code: 'LOCK_UNUSABLE', fault: 'config' });
  });
});

describe.skipIf(missing !== undefined)(titled('two processes with one hotkey'), () => {
  it('set weights with two nonces, each once', async () => {
    const node = await startNode();
    keepMaking(node, 300);
    const wallet = newWallet();
    const children = ['11', '22'].map((weight) =>
      start('submit-child.js', [node.chain.url, wallet, join(wallet, `ticket-${weight}`), weight]),
    );
    await Promise.all(children.map(({ child }) => once(child, 'exit')));
    for (const { said } of children) expect(said()).toContain('"mode":"set"');
    expect(node.included.map(({ nonce }) => nonce)).toEqual([0, 1]);
    // Neither was refused and made again: one waited for the other.
    expect(node.offered.size).toBe(2);
  });
});

describe.skipIf(missing !== undefined)(titled('a process that is killed while it submits'), () => {
  const fateAfter = async (when: 'kept' | 'taken'): Promise<unknown> => {
    const node = await startNode();
    const wallet = newWallet();
    const file = join(wallet, 'ticket');
    const { child } = start('submit-child.js', [node.chain.url, wallet, file]);
    node.onTaken = async () => {
      // The node has it, and the answer does not come.
      if (when === 'kept') node.forget();
      await kill(child);
    };
    await until(() => child.signalCode === 'SIGKILL', 40_000);
    keepMaking(node);
    const ticket: SubmissionTicket = z.json().parse(JSON.parse(readFileSync(file, 'utf8')));
    const { client } = await openSubmitter([node.chain.url], { path: wallet });
    for (;;) {
      const fate = await client.weightsFate(ticket, soon());
      if (fate.status !== 'open') return { fate, included: node.included.length };
      await sleep(100);
    }
  };

  it('has set weights where the node had taken them', async () => {
    expect(await fateAfter('taken')).toMatchObject({ fate: { status: 'set' }, included: 1 });
  });

  it('has lost them where no node had', async () => {
    expect(await fateAfter('kept')).toEqual({ fate: { status: 'lost' }, included: 0 });
  });
});
