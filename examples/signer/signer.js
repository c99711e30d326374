#!/usr/bin/env node
/**
 * An external signer to start from: it holds the hotkey of a wallet and signs for a validator over a Unix socket, by the
 * protocol of docs/build/signer-protocol.md. `--help` lists its options.
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { fileSigner } from '@assay/lib-bittensor-wallet';
import { answerTo } from './answers.js';
import { linesOf } from './lines.js';

const HELP = `signer.js --socket PATH [options]
  --wallet.path FOLDER   folder of the wallets (~/.bittensor/wallets)
  --wallet.name NAME     wallet (default)
  --wallet.hotkey NAME   hotkey (default)
  --allow PURPOSE        sign for this purpose; may be given several times; every purpose when left out
  --max-bytes N          longest message (65536)
  --per-minute N         signatures in a minute (60)
  --mode MODE            mode of the socket, 600 or 660: 660 lets the users of its group sign (600)
`;

/** Connections at a time. A validator needs one. */
const MOST_CONNECTIONS = 8;

const { values } = parseArgs({
  options: {
    socket: { type: 'string' },
    'wallet.path': { type: 'string' },
    'wallet.name': { type: 'string' },
    'wallet.hotkey': { type: 'string' },
    allow: { type: 'string', multiple: true },
    'max-bytes': { type: 'string', default: '65536' },
    'per-minute': { type: 'string', default: '60' },
    mode: { type: 'string', default: '600' },
    help: { type: 'boolean', default: false },
  },
});

/** A limit that can't be read as a number must not stand for no limit. */
function wholeNumber(name) {
  const text = values[name];
  if (!/^[0-9]{1,9}$/.test(text)) throw new Error(`--${name} is ${JSON.stringify(text)} and not a whole number`);
  return Number(text);
}

function socketMode() {
  if (!['600', '660'].includes(values.mode))
    throw new Error(`--mode is ${JSON.stringify(values.mode)}, not 600 or 660`);
  return Number.parseInt(values.mode, 8);
}

/** One JSON line on standard error for each event. */
function log(level, message, context = {}) {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...context })}\n`);
}

/** Takes away what an earlier run left behind, and nothing else: not a socket on which another signer listens. */
async function clearPath(path) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${path} exists and is no socket`);
  const inUse = await new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
  if (inUse) throw new Error(`another signer listens at ${path}`);
  rmSync(path);
}

async function main() {
  if (values.help || values.socket === undefined) {
    process.stdout.write(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const wallet = { path: values['wallet.path'], name: values['wallet.name'], hotkey: values['wallet.hotkey'] };
  const rules = { allow: values.allow, maxBytes: wholeNumber('max-bytes'), perMinute: wholeNumber('per-minute') };
  const mode = socketMode();
  await clearPath(values.socket);
  const signer = await fileSigner(wallet, { environment: process.env, log });
  const surroundings = { signer, rules, log, recent: [] };
  const server = createServer((socket) => serve(socket, surroundings));
  server.maxConnections = MOST_CONNECTIONS;
  // The file is made with the mode that this mask leaves, so that there is no moment in which others may connect.
  const mask = process.umask(0o777 & ~mode);
  server.listen(values.socket, () => {
    process.umask(mask);
    chmodSync(values.socket, mode);
    log('info', 'listening', { socket: values.socket, address: signer.address });
  });
  const stop = () => {
    server.close();
    void signer.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

/** Answers one connection's requests in their order. It reads no more of them before the last answers are on their way. */
function serve(socket, surroundings) {
  socket.on('error', (error) => log('debug', 'connection failed', { reason: error.message }));
  linesOf(socket, async (line) => {
    const answer = `${JSON.stringify(await answerTo(line, surroundings))}
`;
    await new Promise((resolve) => socket.write(answer, resolve));
  });
}

main().catch((error) => {
  log('error', error.message, { code: error.code, hint: error.hint });
  process.exitCode = 1;
});
