import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atEnd, keepAdvancing, startBehindProxy, until } from './scripted-link.js';

/** The built module: the child runs without a compiler. */
const CHILD = join(import.meta.dirname, '..', '..', 'dist', 'plugins', 'subtensor', 'stopped-child.js');

describe('a process that is stopped and goes on', () => {
  it('takes it neither for a stalled chain nor for a dead connection', async () => {
    const { chain, proxy } = await startBehindProxy();
    keepAdvancing(chain, 50);
    const child = spawn(process.execPath, [CHILD, proxy.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    atEnd(() => child.kill('SIGKILL'));
    let written = '';
    child.stdout.on('data', (data: Buffer) => {
      written += data.toString();
    });
    await until(() => written.split('answered').length > 10);
    child.kill('SIGSTOP');
    await sleep(4000);
    const before = written.length;
    child.kill('SIGCONT');
    await until(() => written.slice(before).split('answered').length > 20);
    expect(child.exitCode).toBeNull();
    expect(written).not.toMatch(/"(error|warn)"/);
    expect(proxy.accepted).toBe(1);
  });
});
