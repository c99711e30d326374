// Downloads from a hub on loopback with latency and a bandwidth for each connection, ours beside others:
// npm run bench -- download [RUNS]. Ours alone verifies every byte and has it on disk (fsync) when it is done.
import { execFile, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { snapshotDownload } from '@huggingface/hub';
import { ModelKeeper } from '@assay/core/store';
import { systemClock } from '@assay/core/runtime/system-clock';
import huggingFace from '@assay/plugin-huggingface';
import { median, printTable } from './table.js';

const RUNS = Number(process.argv[3] ?? 3);
const LARGE_MB = 1024;
/** Of all connections together: 2 Gbit/s. */
const LINE_MB_PER_SECOND = 250;
const SMALL_FILES = 200;
const SLOW_MB_PER_SECOND = 40;
const LATENCY_MS = 20;
/** As many files as ours has under way. */
const AT_ONCE = 4;

const never = new AbortController().signal;
const run = promisify(execFile);
// snapshotDownload tells of every file.
console.debug = () => undefined;

const folder = mkdtempSync(join(tmpdir(), 'assay-download-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const server = fork(
  join(import.meta.dirname, 'hub-server.js'),
  [LARGE_MB, SMALL_FILES, LINE_MB_PER_SECOND, SLOW_MB_PER_SECOND, LATENCY_MS].map(String),
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
  const { hashingSeconds } = keeper;
  await keeper.close();
  return hashingSeconds;
}

async function theHubsOwn(url, directory) {
  await snapshotDownload({ repo: 'bench/model', revision, hubUrl: url, cacheDir: directory });
}

const curl = (options) => async (url, directory) => {
  const entries = await (await fetch(`${url}/api/models/bench/model/tree/${revision}?recursive=true`)).json();
  const targets = entries.flatMap(({ path }) => [
    '-o',
    join(directory, path),
    `${url}/bench/model/resolve/${revision}/${path}`,
  ]);
  await run('curl', ['-sSfL', '--create-dirs', ...options, ...targets]);
};

/** As ours verifies. */
const curlAndSum = async (url, directory) => {
  await curl([])(url, directory);
  await run(
    'sha256sum',
    readdirSync(directory).map((name) => join(directory, name)),
  );
};

/** Seconds of the clock, of this process's CPU, and of hashing within them. */
async function timed(download, url) {
  const directory = mkdtempSync(join(folder, 'run-'));
  const [startedAt, usedBefore] = [performance.now(), process.cpuUsage()];
  const hashing = await download(url, directory);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(usedBefore);
  rmSync(directory, { recursive: true });
  return { seconds, cpu: (user + system) / 1e6, hashing };
}

async function measured(download, url) {
  const runs = [];
  for (let count = 0; count < RUNS; count += 1) runs.push(await timed(download, url));
  const middle = (key) => median(runs.map((values) => values[key]));
  return { seconds: middle('seconds'), cpu: middle('cpu'), hashing: runs[0]?.hashing && middle('hashing') };
}

const tools = { ours, snapshotDownload: theHubsOwn, curl: curl([]), 'curl, sha256sum': curlAndSum };
const atOnce = { [`curl --parallel-max ${AT_ONCE}`]: curl(['--parallel', '--parallel-max', String(AT_ONCE)]) };
const scenarios = [
  [`${LARGE_MB} MiB, a line of ${LINE_MB_PER_SECOND} MiB/s`, urls.fast, tools],
  [`${LARGE_MB} MiB, ${SLOW_MB_PER_SECOND} MiB/s for each connection`, urls.slow, tools],
  [`${SMALL_FILES} files of 20 kB`, urls.many, { ...tools, ...atOnce }],
];
const rows = [];
for (const [scenario, url, chosen] of scenarios) {
  const results = [];
  for (const [tool, download] of Object.entries(chosen)) results.push([tool, await measured(download, url)]);
  const own = results[0][1].seconds;
  for (const [tool, { seconds, cpu, hashing }] of results) {
    const isCurl = tool.startsWith('curl');
    rows.push({
      download: tool === 'ours' ? scenario : '',
      with: tool,
      s: seconds.toFixed(2),
      'of ours': (seconds / own).toFixed(2),
      'CPU s': isCurl ? '' : cpu.toFixed(2),
      'of it hashing': hashing === undefined ? '' : hashing.toFixed(2),
    });
  }
}
printTable(`downloads, ${LATENCY_MS} ms before each answer, median of ${RUNS}`, rows);
server.disconnect();
