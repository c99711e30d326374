// An evaluator of a few lines, and every way in which one can misbehave: `node program.mjs MODE`.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const mode = process.argv[2] ?? 'good';
const numerics = { device: 'cpu', computeType: 'float32', runtime: 'test 1', attention: 'none' };
const hello = { type: 'hello', protocol: 1, name: 'test', kinds: ['text-loss'], operations: ['evaluate'], numerics };
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const hang = () => new Promise(() => setInterval(() => undefined, 1000));

if (mode === 'silent') await hang();
if (mode === 'exit-at-once') {
  process.stderr.write('no such device\n');
  process.exit(3);
}
if (mode === 'garbage-hello') console.log('Loading model, please wait...');
if (mode === 'old-protocol') say({ ...hello, protocol: 0 });
else if (mode === 'other-kind') say({ ...hello, kinds: ['word-error-rate'] });
else if (mode === 'refuses')
  say({
    type: 'fault',
    id: '',
    error: { code: 'DEVICE_DIFFERS', message: 'm', hint: 'h', fault: 'config', retry: 'never', payload: {} },
  });
else if (mode === 'prepares') say({ ...hello, operations: ['evaluate', 'prepare'] });
else say(hello);

const prepared = [];

const answer = (id, tasks) => ({
  type: 'answer',
  id,
  results: tasks.map(({ name, kind }) => ({
    name,
    kind,
    rawScore: 1.5,
    samples: 1,
    details: { env: Object.keys(process.env).sort(), pid: process.pid, prepared },
  })),
  numerics: mode === 'other-numerics' ? { ...numerics, runtime: 'test 2' } : numerics,
  timings: { loadMs: 1, computeMs: 1 },
});

const behaviours = {
  good: ({ id, tasks }) => {
    say({ type: 'progress', id, phase: 'score', done: 1, total: 2 });
    say(answer(id, tasks));
  },
  fault: ({ id }) =>
    say({
      type: 'fault',
      id,
      error: {
        code: 'NON_FINITE_LOSS',
        message: 'm',
        hint: 'h',
        fault: 'miner',
        retry: 'never',
        payload: { batch: 1 },
      },
    }),
  refuses: hang,
  prepares: async ({ type, model, id, tasks }) => {
    if (type === 'prepare') return prepared.push(model.digest);
    say({ type: 'progress', id, phase: 'score', done: 1, total: 2 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return say(answer(id, tasks));
  },
  connects: ({ id, tasks }) =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(process.env.PORT) });
      const done = (outcome) => {
        say({
          ...answer(id, tasks),
          results: tasks.map(({ name, kind }) => ({ name, kind, rawScore: 1, samples: 1, details: { outcome } })),
        });
        socket.destroy();
        resolve();
      };
      socket.on('connect', () => done('connected'));
      socket.on('error', ({ code }) => done(code));
    }),
  hang: hang,
  'hang-ignoring-signals': () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
    return hang();
  },
  busy: () => {
    for (;;);
  },
  crash: () => {
    process.stderr.write('tensor of doom\n');
    process.kill(process.pid, 'SIGSEGV');
    return hang();
  },
  'exit-mid-answer': () => {
    process.stdout.write('{"type":"answer","id":');
    setTimeout(() => process.exit(0), 20);
  },
  'answer-then-exit': ({ id, tasks }) => {
    say(answer(id, tasks));
    process.exit(0);
  },
  'close-output': () => {
    process.stdout.end();
    return hang();
  },
  garbage: () => process.stdout.write('42 is the answer\n'),
  nan: ({ id, tasks }) => process.stdout.write(`${JSON.stringify(answer(id, tasks)).replace('1.5', 'NaN')}\n`),
  infinite: ({ id, tasks }) => process.stdout.write(`${JSON.stringify(answer(id, tasks)).replace('1.5', '1e999')}\n`),
  'wrong-id': ({ tasks }) => say(answer('another', tasks)),
  'wrong-task': ({ id, tasks }) =>
    say(
      answer(
        id,
        tasks.map((task) => ({ ...task, name: 'another' })),
      ),
    ),
  facts: ({ id }) =>
    say({
      type: 'facts',
      id,
      facts: {
        architecture: 'a',
        parameterCount: 1,
        vocabularySize: 1,
        evaluationDigest: '',
        tensorsDigest: '',
        unusedTensors: [],
        dtypes: [],
      },
    }),
  'second-hello': () => say(hello),
  'endless-line': async () => {
    const chunk = 'x'.repeat(1024 * 1024);
    for (;;) if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  },
  memory: async () => {
    const hoard = [];
    for (;;) {
      hoard.push(Buffer.alloc(8 * 1024 * 1024, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  'memory-of-a-child': () => {
    spawn(process.execPath, ['-e', 'const h=[];setInterval(()=>h.push(Buffer.alloc(8*1024*1024,1)),5)'], {
      stdio: 'ignore',
    });
    return hang();
  },
  grandchild: () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)'], { stdio: 'inherit' });
    process.stderr.write(`grandchild ${child.pid}\n`);
    return hang();
  },
  'other-numerics': ({ id, tasks }) => say(answer(id, tasks)),
};

for await (const line of createInterface({ input: process.stdin })) await behaviours[mode](JSON.parse(line));
