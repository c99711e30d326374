// An evaluator of a few lines, and every way in which one can misbehave: `node program.mjs MODE`.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const mode = process.argv[2] ?? 'good';
const numerics = { device: 'cpu', computeType: 'float32', runtime: 'test 1', attention: 'none' };
const hello = {
  type: 'hello',
  protocol: 2,
  name: 'test',
  kinds: ['text-loss'],
  operations: ['evaluate'],
  architectures: ['LlamaForCausalLM'],
  numerics,
};
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const hang = () => new Promise(() => setInterval(() => undefined, 1000));

if (mode === 'silent') await hang();
if (mode === 'exit-at-once') {
  process.stderr.write('no such device\n');
  process.exit(3);
}
if (mode === 'garbage-hello') console.log('Loading model, please wait...');
const { architectures: _none, ...withoutArchitectures } = hello;
/** First lines that differ from the usual one. */
const HELLOS = {
  'protocol-1': { ...withoutArchitectures, protocol: 1 },
  'protocol-3': { ...hello, protocol: 3 },
  'no-architectures': withoutArchitectures,
  'no-numerics': { ...hello, numerics: undefined },
  'half-numerics': { ...withoutArchitectures, numerics: { device: 'cpu', runtime: '' } },
  'no-capacity': { ...hello, capacity: 0 },
  'several-at-a-time': { ...hello, capacity: 3 },
  cancels: { ...hello, operations: ['evaluate', 'cancel'] },
  'ignores-cancel': { ...hello, operations: ['evaluate', 'cancel'] },
  samples: { ...hello, operations: ['inspect', 'sample'] },
  'samples-nonsense': { ...hello, operations: ['inspect', 'sample'] },
  'samples-torn': { ...hello, operations: ['inspect', 'sample'] },
  'samples-too-much': { ...hello, operations: ['inspect', 'sample'] },
};
if (HELLOS[mode]) say(HELLOS[mode]);
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

const countOf = ({ samples }) => samples.shapes.reduce((sum, shape) => sum + shape.samples, 0);
const rangeOf = (task) => task.range ?? { from: 0, to: countOf(task) };
/** The loss of a sample is its index and a half. */
const lossesOf = ({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index + 0.5);
const losses = (id, task, range = rangeOf(task)) => ({
  type: 'losses',
  id,
  task: task.name,
  from: range.from,
  losses: lossesOf(range),
});
const stream = (id, tasks) => tasks.forEach((task) => say(losses(id, task)));

const answer = (id, tasks, details = {}) => ({
  type: 'answer',
  id,
  results: tasks.map(({ name, kind }) => ({
    name,
    kind,
    details: { env: Object.keys(process.env).sort(), pid: process.pid, prepared, ...details },
  })),
  numerics: mode === 'other-numerics' ? { ...numerics, runtime: 'test 2' } : numerics,
  timings: { loadMs: 1, computeMs: 1 },
});

const facts = {
  architecture: 'a',
  parameterCount: 1,
  vocabularySize: 1,
  evaluationDigest: '',
  tensorsDigest: '',
  unusedTensors: [],
  dtypes: [],
};
const tensorNamed = (name) => ({ name, dtype: 'F32', shape: [2], digest: '0'.repeat(64) });
const float32 = (...values) => Buffer.from(Float32Array.from(values).buffer).toString('base64');
const values = (id, text) => say({ type: 'values', id, name: 'w', shape: [2], values: text });

const behaviours = {
  good: ({ id, tasks }) => {
    say({ type: 'progress', id, phase: 'load' });
    stream(id, tasks);
    say(answer(id, tasks));
  },
  'one-by-one': ({ id, tasks }) => {
    for (const task of tasks)
      for (let from = rangeOf(task).from; from < rangeOf(task).to; from += 1)
        say(losses(id, task, { from, to: from + 1 }));
    say(answer(id, tasks));
  },
  verdicts: ({ id, tasks }) => {
    stream(id, tasks);
    const { results, ...rest } = answer(id, tasks, { generations: [], reasonable: true });
    say({ ...rest, results: results.map((one) => ({ ...one, rawScore: 0, score: 0, samples: 9, refusal: null })) });
  },
  cancels: ({ type, id, tasks }) => {
    if (type === 'cancel') return say({ type: 'cancelled', id });
    return say(losses(id, tasks[0], { from: 0, to: 1 }));
  },
  'ignores-cancel': ({ type, id, tasks }) => type === 'evaluate' && say(losses(id, tasks[0], { from: 0, to: 1 })),
  'cancelled-unasked': ({ id }) => say({ type: 'cancelled', id }),
  'cut-mid-stream': ({ id, tasks }) => {
    say(losses(id, tasks[0], { from: 0, to: 1 }));
    process.stdout.write('{"type":"losses","id":');
    setTimeout(() => process.exit(0), 20);
  },
  'losses-missing': ({ id, tasks }) => {
    say(losses(id, tasks[0], { from: 0, to: 2 }));
    say(answer(id, tasks));
  },
  'losses-twice': ({ id, tasks }) => {
    say(losses(id, tasks[0], { from: 0, to: 2 }));
    say(losses(id, tasks[0], { from: 1, to: 3 }));
    say(answer(id, tasks));
  },
  'losses-out-of-order': ({ id, tasks }) => {
    say(losses(id, tasks[0], { from: 1, to: 3 }));
    say(losses(id, tasks[0], { from: 0, to: 1 }));
    say(answer(id, tasks));
  },
  'losses-too-many': ({ id, tasks }) => {
    say(losses(id, tasks[0], { from: 0, to: 4 }));
    say(answer(id, tasks));
  },
  'losses-of-another-task': ({ id, tasks }) => {
    say(losses(id, { ...tasks[0], name: 'another' }));
    say(answer(id, tasks));
  },
  'losses-null': ({ id, tasks }) => say({ ...losses(id, tasks[0]), losses: [null, 1, 1] }),
  'losses-text': ({ id, tasks }) => say({ ...losses(id, tasks[0]), losses: ['1.5', 1, 1] }),
  'losses-empty': ({ id, tasks }) => say({ ...losses(id, tasks[0]), losses: [] }),
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
    stream(id, tasks);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return say(answer(id, tasks));
  },
  connects: ({ id, tasks }) =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(process.env.PORT) });
      const done = (outcome) => {
        stream(id, tasks);
        say(answer(id, tasks, { outcome }));
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
    stream(id, tasks);
    say(answer(id, tasks));
    process.exit(0);
  },
  'close-output': () => {
    process.stdout.end();
    return hang();
  },
  garbage: () => process.stdout.write('42 is the answer\n'),
  nan: ({ id, tasks }) => process.stdout.write(`${JSON.stringify(losses(id, tasks[0])).replace('1.5', 'NaN')}\n`),
  infinite: ({ id, tasks }) =>
    process.stdout.write(`${JSON.stringify(losses(id, tasks[0])).replace('1.5', '1e999')}\n`),
  'wrong-id': ({ tasks }) => say(answer('another', tasks)),
  'wrong-task': ({ id, tasks }) => {
    stream(id, tasks);
    say(
      answer(
        id,
        tasks.map((task) => ({ ...task, name: 'another' })),
      ),
    );
  },
  facts: ({ id }) => say({ type: 'facts', id, facts }),
  'lists-tensors': ({ id, tensors }) => {
    if (tensors) for (const name of ['a', 'b']) say({ type: 'tensors', id, tensors: [tensorNamed(name)] });
    say({ type: 'facts', id, facts });
  },
  'lists-too-many': ({ id }) => {
    const tensors = Array.from({ length: 1000 }, (_, index) => tensorNamed(`t${index}`));
    for (let line = 0; line < 101; line += 1) say({ type: 'tensors', id, tensors });
    say({ type: 'facts', id, facts });
  },
  samples: ({ id, seed }) => {
    values(id, float32(Number(seed), -0.5));
    say({ type: 'sampled', id });
  },
  'samples-nonsense': ({ id }) => values(id, '!'),
  'samples-torn': ({ id }) => values(id, Buffer.from([1, 2, 3]).toString('base64')),
  'samples-too-much': ({ id }) => values(id, float32(...new Array(5000).fill(1))),
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
  'other-numerics': ({ id, tasks }) => {
    stream(id, tasks);
    say(answer(id, tasks));
  },
};

createInterface({ input: process.stdin }).on(
  'line',
  (line) => void (behaviours[mode] ?? behaviours.good)(JSON.parse(line)),
);
