// This machine's own rate of float32 matrix multiplication in the same runtime: prints GFLOP per second and per CPU second.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { performance } from 'node:perf_hooks';
import { encodeModel } from '@assay/lib-model-graph/encode';

const SIZE = 2048;
const REPEATS = 12;
const FLOAT = 1;
const square = [SIZE, SIZE];
const random = () => Float32Array.from({ length: SIZE * SIZE }, () => Math.random() - 0.5);

/** One multiplication, of which a sum comes back: the result itself would be copied. */
const graph = encodeModel(
  {
    nodes: [
      {
        opType: 'Gemm',
        domain: '',
        name: 'product',
        inputs: ['x', 'w'],
        outputs: ['xw'],
        attributes: { transB: { int: 1 } },
      },
      {
        opType: 'ReduceSum',
        domain: '',
        name: 'sum',
        inputs: ['xw'],
        outputs: ['y'],
        attributes: { keepdims: { int: 0 } },
      },
    ],
    initializers: [{ name: 'w', type: FLOAT, dims: square, data: { raw: new Uint8Array(random().buffer) } }],
    inputs: [{ name: 'x', type: FLOAT, dims: square }],
    outputs: [{ name: 'y', type: FLOAT, dims: [] }],
  },
  [{ domain: '', version: 21 }],
);
const session = await InferenceSession.create(graph, {
  executionProviders: ['cpu'],
  intraOpNumThreads: Number(process.argv[2] ?? 0),
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const x = new Tensor('float32', random(), square);
await session.run({ x });
let wall = Infinity;
let cpu = Infinity;
for (let repeat = 0; repeat < REPEATS; repeat += 1) {
  const [before, start] = [process.cpuUsage(), performance.now()];
  await session.run({ x });
  const { user, system } = process.cpuUsage(before);
  wall = Math.min(wall, (performance.now() - start) / 1e3);
  cpu = Math.min(cpu, (user + system) / 1e6);
}
const work = (2 * SIZE ** 3) / 1e9;
process.stdout.write(`${JSON.stringify({ perSecond: work / wall, perCpuSecond: work / cpu })}\n`);
process.exit(0);
