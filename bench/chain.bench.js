// npm run bench -- chain FOLDER: a snapshot of a subnet of 256, 1,024 and 2,500 uids over WebSocket on loopback, ours and by
// polkadot's ApiPromise in the same run. FOLDER holds metadata_v15_spec343.hex and chain_fixture_full.json: a real answer of
// Finney for a subnet of 1,024 uids, of which the other sizes are made. Each reader runs in a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Server } from 'node:net';
import { join } from 'node:path';
import { Runtime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import { findRecordings } from '../test/dist/recorded-chain.js';
import { ScriptedChain } from '../test/dist/scripted-chain.js';
import { median, printTable } from './table.js';

const SIZES = [256, 1024, 2500];
const VALIDATORS = 64;
const NETUID = 1;
const API = 'SubnetInfoRuntimeApi';
const METHOD = 'get_selective_mechagraph';
/** The parts that the plugin asks for, as the runtime numbers them. */
const PARTS = [52, 53, 57, 59, 61, 62, 66, 69];

const recordings = findRecordings({ ASSAY_CHAIN_RECORDINGS: process.argv[3] });
if (typeof recordings === 'string') {
  process.stderr.write(`usage: npm run bench -- chain FOLDER (${recordings})\n`);
  process.exit(2);
}
const version = { specName: 'node-subtensor', specVersion: 343, transactionVersion: 1 };
const runtime = await Runtime.load(`0x${'00'.repeat(32)}`, version, recordings.metadata343);
const [recorded] = [...recordings.calls]
  .filter(([name]) => name.startsWith(`${API}_${METHOD}`))
  .map(([, answer]) => answer);
const real = runtime.decodeAnswer(API, METHOD, recorded).toJSON();

/** The answer for so many uids, with the parts that were asked for alone. */
function answerOf(size) {
  const column = (name) => Array.from({ length: size }, (_, uid) => real[name][uid % real[name].length]);
  const none = Object.fromEntries(Object.keys(real).map((name) => [name, null]));
  const names = 'hotkeys coldkeys validatorPermit lastUpdate dividends incentives blockAtRegistration totalStake'.split(
    ' ',
  );
  const parts = Object.fromEntries(names.map((name) => [name, column(name)]));
  parts.hotkeys = Array.from({ length: size }, (_, uid) => accountOf(uid));
  return runtime.encodeAnswer(API, METHOD, { ...none, ...parts, netuid: NETUID });
}

const accountOf = (uid) => `0x${uid.toString(16).padStart(64, '0')}`;

function fill(chain, size) {
  const put = (pallet, item, args, value) =>
    chain.blocks.put(runtime.storageKey(pallet, item, args), runtime.encodeStorage(pallet, item, value));
  const own = (item, value) => put('SubtensorModule', item, [NETUID], value);
  own('NetworksAdded', true);
  own('SubnetworkN', size);
  own('MaxAllowedUids', size);
  own(
    'ValidatorTrust',
    Array.from({ length: size }, () => 65_535),
  );
  const text = Buffer.from(
    'namespace:name:0123456789abcdef0123456789abcdef01234567:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:2',
  );
  for (let uid = 0; uid < size; uid += 1) {
    const info = { fields: [{ [`Raw${text.length}`]: `0x${text.toString('hex')}` }] };
    put('Commitments', 'CommitmentOf', [NETUID, accountOf(uid)], { deposit: 0, block: uid, info });
  }
  const row = Array.from({ length: size }, (_, uid) => [uid, 65_535 - uid]);
  for (let uid = 0; uid < VALIDATORS; uid += 1) put('SubtensorModule', 'Weights', [NETUID, uid], row);
}

/** Sockets of the scripted nodes, for what they have sent. */
const sockets = [];
const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...values) {
  if (event === 'connection') sockets.push(values[0]);
  return emit.call(this, event, ...values);
};

async function measured(reader, url) {
  const child = fork(join(import.meta.dirname, 'rivals', 'chain-reader.js'), [reader, url, String(NETUID)], {
    execArgv: ['--expose-gc'],
  });
  let result;
  sockets.length = 0;
  child.once('message', (message) => (result = message));
  const [code] = await once(child, 'exit');
  if (!result) throw new Error(`${reader} ended with ${code} and no result`);
  return { ...result, kilobytes: sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0) / 1000 };
}

const rows = [];
for (const size of SIZES) {
  const chain = await ScriptedChain.start({ runtime: { ...version, metadata: recordings.metadata343 } });
  fill(chain, size);
  chain.calls.set(`${API}_${METHOD}:${runtime.encodeArguments(API, METHOD, [NETUID, 0, PARTS])}`, answerOf(size));
  chain.advance();
  // Each snapshot is of a new block: polkadot's client remembers what it has read of one.
  const advancing = setInterval(() => chain.advance(), 100);
  const results = {};
  for (const reader of ['assay', 'polkadot']) {
    const runs = [];
    for (let run = 0; run < 3; run += 1) runs.push(await measured(reader, chain.url));
    results[reader] = Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((one) => one[key]))]));
  }
  for (const [
    reader,
    { firstMs, againMs, kilobytes, peakMb, neurons, commitments, rows: weightRows },
  ] of Object.entries(results))
    rows.push({
      uids: size,
      reader,
      'first ms': Math.round(firstMs),
      'again ms': Math.round(againMs),
      'KB of both': Math.round(kilobytes),
      'peak MB': Math.round(peakMb),
      'ms ratio': (againMs / results.polkadot.againMs).toFixed(2),
      read: `${neurons} neurons, ${commitments} commitments, ${weightRows} rows`,
    });
  clearInterval(advancing);
  await chain.close();
}
printTable('snapshot of a subnet: metagraph, weights of 64 validators, all commitments (median of 3)', rows);
process.exit(0);
