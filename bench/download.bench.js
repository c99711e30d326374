// Downloads from a hub on loopback with latency and a bandwidth for each connection, ours beside others:
// npm run bench -- download [RUNS]. Ours alone verifies every byte and has it on disk (fsync) when it is done.
import { execFile, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { snapshotDownload } from '@huggingface/hub';
import { ModelKeeper } from '@assay/core/store';
import { systemClock } from '@assay/core/runtime/system-clock';
import huggingFace from '@assay/plugin-huggingface';
import { median, printTable } from './table.js';

const RUNS = Number(process.argv[3] ?? 3);
const LARGE_MB = 512;
const SMALL_FILES = 200;
const SLOW_MB_PER_SECOND = 24;
const LATENCY_MS = 20;
const CURL_PARALLEL = 8;

const never = new AbortController().signal;
const run = promisify(execFile);
// snapshotDownload tells of every file.
console.debug = () => undefined;

const folder = mkdtempSync(join(tmpdir(), 'assay-download-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const server = fork(
  join(import.meta.dirname, 'hub-server.js'),
  [LARGE_MB, SMALL_FILES, SLOW_MB_PER_SECOND, LATENCY_MS].map(String),
);
const { urls, revision } = await new Promise((resolve) => server.once('message', resolve));
const reference = { namespace: 'bench', name: 'model', revision };

async function ours(url, directory) {
  const { store } = huggingFace.provides;
  const deps = { clock: systemClock, environment: { HF_HOME: folder }, log: () => undefined };
  const source = await store.create(store.options.parse({ endpoint: url }), deps, never);
  const keeper = await ModelKeeper.open({ directory }, { source, clock: systemClock });
  const { files } = await keeper.list(reference, never);
  await keeper.fetch(reference, files, () => undefined, never);
  await keeper.close();
}

async function theHubsOwn(url, directory) {
  await snapshotDownload({ repo: 'bench/model', revision, hubUrl: url, cacheDir: directory });
}

async function curl(url, directory) {
  const entries = await (await fetch(`${url}/api/models/bench/model/tree/${revision}?recursive=true`)).json();
  const targets = entries.flatMap(({ path }) => [
    '-o',
    join(directory, path),
    `${url}/bench/model/resolve/${revision}/${path}`,
  ]);
  const parallel = entries.length > 1 ? ['--parallel', '--parallel-max', String(CURL_PARALLEL)] : [];
  await run('curl', ['-sSfL', '--create-dirs', ...parallel, ...targets]);
}

/** Seconds of the clock and of this process's CPU. */
async function timed(download, url) {
  const directory = mkdtempSync(join(folder, 'run-'));
  const [startedAt, usedBefore] = [performance.now(), process.cpuUsage()];
  await download(url, directory);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(usedBefore);
  rmSync(directory, { recursive: true });
  return { seconds, cpu: (user + system) / 1e6 };
}

async function measured(download, url) {
  const runs = [];
  for (let count = 0; count < RUNS; count += 1) runs.push(await timed(download, url));
  return { seconds: median(runs.map(({ seconds }) => seconds)), cpu: median(runs.map(({ cpu }) => cpu)) };
}

const scenarios = [
  [`one file of ${LARGE_MB} MiB`, urls.fast],
  [`the same, ${SLOW_MB_PER_SECOND} MiB/s for each connection`, urls.slow],
  [`${SMALL_FILES} files of 20 kB`, urls.many],
];
const rows = [];
for (const [scenario, url] of scenarios) {
  const own = await measured(ours, url);
  const hub = await measured(theHubsOwn, url);
  const plain = await measured(curl, url);
  rows.push({
    [`${LATENCY_MS} ms before each answer`]: scenario,
    'ours s': own.seconds.toFixed(2),
    'snapshotDownload s': hub.seconds.toFixed(2),
    'curl s': plain.seconds.toFixed(2),
    'snapshotDownload / ours': (hub.seconds / own.seconds).toFixed(2),
    'curl / ours': (plain.seconds / own.seconds).toFixed(2),
    'our CPU s': own.cpu.toFixed(2),
    'snapshotDownload CPU s': hub.cpu.toFixed(2),
  });
}
printTable(`downloads, median of ${RUNS}; curl takes ${CURL_PARALLEL} small files at once`, rows);

const chunk = Buffer.alloc(1 << 20, 'weights');
const usedBefore = process.cpuUsage();
const hash = createHash('sha256');
for (let mb = 0; mb < LARGE_MB; mb += 1) hash.update(chunk);
hash.digest();
const { user, system } = process.cpuUsage(usedBefore);
process.stdout.write(`\nhashing ${LARGE_MB} MiB (sha256), part of ours: ${((user + system) / 1e6).toFixed(2)} CPU s\n`);
server.disconnect();
