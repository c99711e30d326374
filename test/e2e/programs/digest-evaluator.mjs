// A second program that speaks the evaluator protocol and knows nothing of models: a loss is made from the digest.
// Dies in the middle of a model whose digest or architecture is CRASH_ON.
import { createInterface } from 'node:readline';

const numerics = { device: 'none', computeType: 'float64', runtime: 'digest 1', attention: 'none' };
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

send({ type: 'hello', protocol: 1, name: 'digest', kinds: ['text-loss'], operations: ['evaluate'], numerics });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, model, tasks } = JSON.parse(line);
  send({ type: 'progress', id, phase: 'score', done: 0, total: 1 });
  if ([model.digest, model.architecture].includes(process.env.CRASH_ON)) process.exit(7);
  const loss = 1 + Number.parseInt(model.digest.slice(0, 8), 16) / 2 ** 32;
  const results = tasks.map(({ name, kind, samples }) => {
    const losses = samples.batches.map(() => loss);
    return {
      name,
      kind,
      rawScore: loss,
      samples: losses.length,
      details: { losses, reasonable: null, generations: [] },
    };
  });
  send({ type: 'answer', id, results, numerics, timings: { loadMs: 0, computeMs: 0 } });
}
