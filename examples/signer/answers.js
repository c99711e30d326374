import { setTimeout as sleep } from 'node:timers/promises';

/** Version of the protocol that is spoken here. */
const VERSION = 1;
const MINUTE_MS = 60_000;
const SIGN_MS = 10_000;
/** Each refusal is logged: the pause keeps a connection from filling the disk with them. */
const REFUSAL_PAUSE_MS = 100;

/** A request that is not carried out. Its message goes to the validator. */
class Refusal extends Error {}

/**
 * The answer to one line.
 * @param surroundings `signer`; `rules` (allow, maxBytes, perMinute); `log`; `recent`, times of the last signatures
 */
export async function answerTo(line, surroundings) {
  let id = 0;
  try {
    const request = parsed(line);
    id = request.id;
    return { version: VERSION, id, ...(await carriedOut(request, surroundings)) };
  } catch (error) {
    const reason = error instanceof Refusal ? error.message : 'internal error';
    surroundings.log('warn', 'refused', { id, reason, ...(error instanceof Refusal ? {} : { error: error.message }) });
    await sleep(REFUSAL_PAUSE_MS);
    return { version: VERSION, id, error: { message: reason } };
  }
}

function parsed(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    throw new Refusal('the request is no JSON');
  }
  if (typeof request !== 'object' || request === null || !Number.isSafeInteger(request.id) || request.id < 0)
    throw new Refusal('the request has no id');
  return request;
}

async function carriedOut(request, { signer, rules, log, recent }) {
  if (request.version !== VERSION) throw new Refusal(`this signer speaks version ${VERSION}`);
  if (request.request === 'hello') return { address: signer.address };
  if (request.request !== 'sign') throw new Refusal('the request is neither hello nor sign');
  const message = allowedMessage(request, signer, rules);
  requireRate(recent, rules);
  const signature = await signer.sign(message, AbortSignal.timeout(SIGN_MS), request.purpose);
  log('info', 'signed', { id: request.id, purpose: request.purpose, bytes: message.length });
  return { signature: `0x${Buffer.from(signature).toString('hex')}` };
}

/** The bytes to sign. This is the place for rules of your own. */
function allowedMessage({ address, message, purpose }, signer, { allow, maxBytes }) {
  if (address !== signer.address) throw new Refusal('this signer has another address');
  if (typeof purpose !== 'string' || purpose.length > 200) throw new Refusal('the purpose is no short text');
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(purpose)) throw new Refusal('the purpose has characters that are not shown');
  if (allow && !allow.includes(purpose)) throw new Refusal('this purpose is not allowed');
  if (typeof message !== 'string' || !/^0x(?:[0-9a-f]{2})*$/.test(message)) throw new Refusal('the message is no hex');
  const bytes = Buffer.from(message.slice(2), 'hex');
  if (bytes.length > maxBytes) throw new Refusal(`the message has more than ${maxBytes} bytes`);
  return bytes;
}

function requireRate(recent, { perMinute }) {
  const now = Date.now();
  while (recent.length > 0 && now - recent[0] > MINUTE_MS) recent.shift();
  if (recent.length >= perMinute) throw new Refusal(`more than ${perMinute} signatures in a minute`);
  recent.push(now);
}
