// A model larger than the memory that its process may use: the 1.1B model of the evaluator's bench in a memory cgroup.
// npm run bench -- limited   (Linux, as root or with a writable cgroup)
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomLlama, uniform } from './random-llama.js';
import { printTable } from './table.js';

const SHAPE = { hidden: 2048, inner: 5632, layers: 22, heads: 32, keyValueHeads: 4, vocabulary: 32_000 };
const LENGTH = 1024;
const LIMITS = [undefined, 900, 450];
const SEQUENCES = 2;
const MIB = 2 ** 20;

/** [folder for new groups, file with the limit] of the second or the first version of cgroups. */
const [root, limitFile] = existsSync('/sys/fs/cgroup/cgroup.controllers')
  ? ['/sys/fs/cgroup', 'memory.max']
  : ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'];

/** A script that is measured in a process of its own: prints one JSON line. */
const script = `
  import { measured } from './asking.js';
  process.stdout.write(JSON.stringify(await measured(...JSON.parse(process.env.BENCH))));
  process.exit(0);
`;

const directory = randomLlama(join(import.meta.dirname, '..', '.assay', 'bench', '1.1B'), SHAPE);
const random = uniform(7);
const rows = Array.from({ length: SEQUENCES }, () =>
  Array.from({ length: LENGTH }, () => Math.floor(random() * SHAPE.vocabulary)),
);
const env = { ...process.env, BENCH: JSON.stringify([directory, rows]) };

function measured(limit) {
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const run = (command, args) =>
    JSON.parse(execFileSync(command, args, { env, encoding: 'utf8', cwd: import.meta.dirname }));
  if (limit === undefined) return run(node[0], node.slice(1));
  // Pages that are in memory already are charged to whoever read them first.
  execFileSync('dd', [`if=${join(directory, 'model.safetensors')}`, 'iflag=nocache', 'count=0', 'status=none']);
  const group = join(root, `assay-bench-${process.pid}`);
  mkdirSync(group);
  try {
    writeFileSync(join(group, limitFile), String(limit * MIB));
    return run('/bin/sh', ['-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh', ...node]);
  } finally {
    removeWhenEmpty(group);
  }
}

/** Processes that were killed are in it for another moment. */
function removeWhenEmpty(group) {
  for (let attempt = 0; readFileSync(join(group, 'cgroup.procs'), 'utf8') !== '' && attempt < 100; attempt += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  rmdirSync(group);
}

const size = statSync(join(directory, 'model.safetensors')).size;
const first = measured(undefined);
const table = LIMITS.map((limit) => {
  const { cpu, wall, anonymous, resident, losses } = limit === undefined ? first : measured(limit);
  return {
    'limit MiB': limit ?? 'none',
    'CPU s/seq': cpu.toFixed(2),
    'wall s/seq': wall.toFixed(2),
    'own MiB': Math.round(anonymous / MIB),
    'with mapped MiB': Math.round(resident / MIB),
    losses: JSON.stringify(losses) === JSON.stringify(first.losses) ? 'identical' : 'DIFFER',
  };
});
printTable(`A model of ${Math.round(size / MIB)} MiB, 1x${LENGTH}, in a memory cgroup`, table);
