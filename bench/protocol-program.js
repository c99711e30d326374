// An evaluator that reads every sample and computes nothing: for npm run bench -- protocol.
import { createInterface } from 'node:readline';
import { SampleReader } from '@assay/core/evaluation/read-samples';

const numerics = { device: 'none', computeType: 'none', runtime: 'none', attention: 'none' };
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
send({
  type: 'hello',
  protocol: 2,
  name: 'bench',
  kinds: ['text-loss'],
  operations: ['evaluate'],
  architectures: [],
  numerics,
});

for await (const line of createInterface({ input: process.stdin })) {
  const { id, tasks } = JSON.parse(line);
  const results = [];
  for (const { name, kind, samples } of tasks) {
    const reader = await SampleReader.open(samples);
    for (let from = 0; from < reader.count; from += 1) {
      const [row = []] = await reader.rows(from);
      send({ type: 'losses', id, task: name, from, losses: [row.at(-1) / 1e5] });
    }
    await reader.close();
    results.push({ name, kind, details: { generations: [] } });
  }
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  send({ type: 'answer', id, results, numerics, timings: { loadMs: 0, computeMs: 0, peakRssBytes } });
}
