/**
 * The thread that holds one hotkey: it reads the keyfile, has it decrypted, and signs. Nothing secret but a password leaves or
 * enters it, and with its end its whole heap goes back to the machine, also what JavaScript can't overwrite.
 */
import { once } from 'node:events';
import { parentPort, Worker } from 'node:worker_threads';
import { sign } from '@scure/sr25519';
import { toAssayError } from '@assay/core/errors/describe';
import { walletErrors } from './errors.js';
import { isEncrypted } from './decrypt.js';
import type { DecryptAnswer } from './decrypt-thread.js';
import { eraseFields, FlatJsonError, parseFlatJson, type FlatFields } from './flat-json.js';
import { keyOfFields, type HotkeyPair } from './key-of-fields.js';
import type { KeyAnswer, KeyAnswers, KeyOpened, KeyOrder, KeyRequest } from './key-thread-messages.js';
import { passwordVariable } from './password.js';
import { readKeyfile } from './read-keyfile.js';

let path = '';
/** The encrypted file, until a password opens it. */
let locked: Buffer | undefined;
let pair: HotkeyPair | undefined;

async function open(): Promise<KeyOpened> {
  const { bytes, notes } = readKeyfile(path, { secret: true });
  if (isEncrypted(bytes)) {
    locked = bytes;
    return { notes };
  }
  return { publicKey: await hold(bytes), notes };
}

/** @returns the public key */
async function hold(plain: Buffer): Promise<Uint8Array> {
  let fields: FlatFields | undefined;
  try {
    fields = parseFlatJson(plain);
    pair = await keyOfFields(path, fields);
    return pair.publicKey;
  } catch (error) {
    if (error instanceof FlatJsonError) throw walletErrors.KEYFILE_INVALID({ path, reason: error.message });
    throw error;
  } finally {
    plain.fill(0);
    if (fields) eraseFields(fields);
  }
}

async function unlock(password: Uint8Array): Promise<KeyOpened> {
  if (locked === undefined) throw walletErrors.KEYFILE_INVALID({ path, reason: 'it is not encrypted' });
  const answer = await decrypted(locked, password);
  if ('plain' in answer) return { publicKey: await hold(Buffer.from(answer.plain.buffer)), notes: [] };
  if (answer.failure === 'wrong-password')
    throw walletErrors.WALLET_PASSWORD_WRONG({ path, variable: passwordVariable(path) });
  if (answer.failure === 'broken') throw walletErrors.KEYFILE_ENCRYPTION_UNKNOWN({ path, format: answer.reason });
  throw walletErrors.KEYFILE_DECRYPTION_FAILED({ path, reason: answer.reason });
}

async function decrypted(content: Buffer, password: Uint8Array): Promise<DecryptAnswer> {
  const worker = new Worker(new URL('./decrypt-thread.js', import.meta.url), { execArgv: [], env: {} });
  try {
    worker.postMessage({ content, password }, password.buffer instanceof ArrayBuffer ? [password.buffer] : []);
    const [answer] = (await Promise.race([once(worker, 'message'), once(worker, 'exit').then(ended)])) as [
      DecryptAnswer,
    ];
    return answer;
  } catch (error) {
    return { failure: 'failed', reason: error instanceof Error ? error.message : 'its thread has ended' };
  } finally {
    await worker.terminate();
  }
}

function ended(): [DecryptAnswer] {
  return [{ failure: 'failed', reason: 'its thread has ended' }];
}

function signed(message: Uint8Array): Uint8Array {
  if (pair === undefined) throw walletErrors.KEY_THREAD_ENDED({ reason: 'it holds no key' });
  return sign(pair.secret, message);
}

function close(): void {
  pair?.secret.fill(0);
  pair = undefined;
  locked = undefined;
}

async function resultOf(order: KeyOrder): Promise<KeyAnswers[keyof KeyAnswers]> {
  if (order.order === 'unlock') return await unlock(order.password);
  if (order.order === 'sign') return signed(order.message);
  if (order.order === 'open') {
    ({ path } = order);
    return await open();
  }
  close();
  return undefined;
}

async function answerTo(id: number, order: KeyOrder): Promise<KeyAnswer> {
  try {
    return { id, result: await resultOf(order) };
  } catch (error) {
    return { id, error: toAssayError(error).toReport() };
  }
}

parentPort?.on('message', ({ id, order }: KeyRequest) => {
  void answerTo(id, order).then((answer) => {
    parentPort?.postMessage(answer);
  });
});
