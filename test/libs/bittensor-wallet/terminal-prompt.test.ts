import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newWallet, VECTORS } from './wallets.js';

const PROGRAM = join(import.meta.dirname, 'ask-password.mjs');
const { password, file_utf8: VAULT } = VECTORS.ansible_vault;
const noTerminal = spawnSync('script', ['--version']).status !== 0;

/** What a terminal shows while a person types these answers, each when the question has come. */
async function onTerminal(...answers: string[]): Promise<string> {
  const { path, name, hotkey } = newWallet(VAULT);
  const command = [process.execPath, PROGRAM, path, name, hotkey].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let shown = '';
  let asked = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    for (; asked < shown.split('Password of').length - 1; asked += 1) child.stdin.write(answers.shift() ?? '\u0003');
  });
  await once(child, 'exit');
  return shown;
}

describe.skipIf(noTerminal)('the prompt (skipped where `script` of util-linux is missing)', () => {
  it('takes a password that the terminal does not show', async () => {
    const shown = await onTerminal(`${password}\r`);
    expect(shown).toContain(`ADDRESS ${VECTORS.plain.ss58Address}`);
    expect(shown).not.toContain(password.slice(0, 7));
  });

  it.each([
    ['a character taken back', `${password}é\u007f\r`],
    ['a line taken back', `nonsense\u0015${password}\r`],
    ['a line feed as its end', `${password}\n`],
  ])('takes one with %s', async (_what, typed) => {
    expect(await onTerminal(typed)).toContain('ADDRESS');
  });

  it('asks three times', async () => {
    const shown = await onTerminal('one\r', 'two\r', 'three\r', `${password}\r`);
    expect(shown.split('Password of')).toHaveLength(4);
    expect(shown).toContain('ERROR WALLET_PASSWORD_WRONG');
  });

  it('ends at Ctrl+C', async () => {
    expect(await onTerminal('secret\u0003')).toContain('ERROR ABORTED');
  });
});
