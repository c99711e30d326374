// A second program that speaks the evaluator protocol and knows nothing of models: a loss is made from the digest, and so
// is a continuation. Dies in the middle of a model whose digest or architecture is CRASH_ON.
import { createInterface } from 'node:readline';

const numerics = { device: 'none', computeType: 'float64', runtime: 'digest 1', attention: 'none' };
// It loads nothing, so that it takes every class that the demo's competitions allow.
const architectures = (
  'GPT2LMHeadModel MistralForCausalLM LlamaForCausalLM BartForCausalLM FalconForCausalLM GPTNeoXForCausalLM ' +
  'GPTJForCausalLM PhiForCausalLM GemmaForCausalLM Gemma2ForCausalLM Qwen2ForCausalLM'
).split(' ');
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const hello = { protocol: 2, name: 'digest', kinds: ['text-loss'], operations: ['evaluate'], architectures, numerics };

send({ type: 'hello', ...hello });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, model, tasks } = JSON.parse(line);
  send({ type: 'progress', id, phase: 'load' });
  if ([model.digest, model.architecture].includes(process.env.CRASH_ON)) process.exit(7);
  const loss = 1 + Number.parseInt(model.digest.slice(0, 8), 16) / 2 ** 32;
  const results = tasks.map(({ name, kind, samples, parameters, range }) => {
    const count = samples.shapes.reduce((sum, shape) => sum + shape.samples, 0);
    const { from, to } = range ?? { from: 0, to: count };
    send({ type: 'losses', id, task: name, from, losses: Array.from({ length: to - from }, () => loss) });
    const rows = samples.shapes[0].rows;
    const text = (start) =>
      Array.from({ length: rows }, () =>
        Array.from({ length: parameters.generatedTokens }, (_, index) => start + index),
      );
    const continues = parameters.promptLength > 0 && from === 0 && count > 1;
    return { name, kind, details: { generations: continues ? [text(0), text(1)] : [] } };
  });
  send({ type: 'answer', id, results, numerics, timings: { loadMs: 0, computeMs: 0 } });
}
