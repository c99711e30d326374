import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../encode.js';
import { ElementType } from '@assay/lib-model-graph/graph/graph';
import { GraphBuilder } from '@assay/lib-model-graph/graph/graph-builder';

/** Loads and runs a graph of one node: what the runtime does once for a process is then done before a model waits for it. */
export async function warmUp(): Promise<void> {
  const g = new GraphBuilder(new Map());
  g.output(
    { name: 'out', type: ElementType.FLOAT, dims: [1] },
    g.input({ name: 'in', type: ElementType.FLOAT, dims: [1] }),
  );
  const session = await InferenceSession.create(encodeModel(g.graph()), { executionProviders: ['cpu'] });
  await session.run({ in: new Tensor('float32', Float32Array.of(1), [1]) });
  await session.release();
}
