/**
 * A thread that decrypts one keyfile. It is ended afterwards, so that the 512 MiB of the key derivation, and what it leaves in
 * them, go back to the machine.
 */
import { parentPort } from 'node:worker_threads';
import { BrokenEncryption, decrypt, WrongPassword } from './decrypt.js';

export interface DecryptOrder {
  content: Uint8Array;
  password: Uint8Array;
}

export type DecryptAnswer =
  { plain: Uint8Array } | { failure: 'wrong-password' } | { failure: 'broken' | 'failed'; reason: string };

parentPort?.once('message', ({ content, password }: DecryptOrder) => {
  void answerTo(Buffer.from(content), password).then((answer) => {
    const moved = 'plain' in answer && answer.plain.buffer instanceof ArrayBuffer ? [answer.plain.buffer] : [];
    parentPort?.postMessage(answer, moved);
  });
});

async function answerTo(content: Buffer, password: Uint8Array): Promise<DecryptAnswer> {
  try {
    const plain = await decrypt(content, password);
    // A buffer of its own can be moved; Buffer's pool can't.
    const own = new Uint8Array(plain);
    plain.fill(0);
    return { plain: own };
  } catch (error) {
    if (error instanceof WrongPassword) return { failure: 'wrong-password' };
    if (error instanceof BrokenEncryption) return { failure: 'broken', reason: error.message };
    return { failure: 'failed', reason: error instanceof Error ? error.message : 'unknown' };
  } finally {
    password.fill(0);
  }
}
