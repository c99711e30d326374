// A validator that dies: starts the evaluator on one long computation, which nothing interrupts, tells its process id and waits to be killed.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSamples } from '@assay/core/evaluation/write-samples';
import plugin from '@assay/plugin-onnxruntime';

const [directory, length] = [process.argv[2], Number(process.argv[3])];
const deps = { log: () => undefined, dataDir: '/', netuid: 1, modules: [], resolvePath: (path) => path };
const factory = plugin.provides.evaluator;
const { signal } = new AbortController();
const evaluator = await factory.create(factory.options.parse({}), deps, signal);
const inspector = await plugin.provides.inspector.create(plugin.provides.inspector.options.parse({}), deps, signal);
const facts = await inspector.inspect(directory, signal);
await inspector.close();
const model = { reference: { namespace: 'n', name: 'm', revision: 'r' }, directory, files: [], facts };
const row = Array.from({ length }, (_, index) => index % 100);
const folder = mkdtempSync(join(tmpdir(), 'assay-parent-'));
const samples = await writeSamples(folder, [[row]]);
const parameters = { padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 };
const tasks = [{ name: 't', kind: 'text-loss', samplesDigest: 's', samples, parameters }];
await evaluator.evaluate(
  { id: '1', model, tasks, deadlineMs: 600_000 },
  ({ phase }) => {
    if (phase === 'generate') console.log('computing');
  },
  signal,
);
console.log('finished');
