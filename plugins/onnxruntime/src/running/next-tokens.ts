import { Tensor } from 'onnxruntime-node';
import type { KeyValueCache } from '@assay/lib-model-graph/architectures/architecture';
import type { NewTokens, TokenRows } from '@assay/lib-model-graph/generation/growing-tokens';
import type { NextTokensRun } from '@assay/lib-model-graph/graph/model-graphs';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import { ElementType } from '@assay/lib-model-graph/graph/graph';
import type { GraphBuilder } from '@assay/lib-model-graph/graph/graph-builder';
import { commonFeeds, floats, ModelSession, rowsOfLogits, type SessionOptions } from './session.js';

/** What is known of the rows that go on. */
export type NextTokensShape = Omit<NextTokensRun, 'cache'>;

/** Keys and values as inputs and outputs of the graph, layer by layer, float32. */
class CacheInGraph implements KeyValueCache {
  readonly layers: { keyValueHeads: number; width: number }[] = [];

  constructor(private readonly batch: number) {}

  past(g: GraphBuilder, keyValueHeads: number, width: number): readonly [string, string] {
    const index = this.layers.push({ keyValueHeads, width }) - 1;
    const dims = [this.batch, keyValueHeads, 'past', width];
    const past = (part: string): string =>
      g.activation(g.input({ name: `past_${part}_${index}`, type: ElementType.FLOAT, dims }));
    return [past('key'), past('value')];
  }

  keep(g: GraphBuilder, [key, value]: readonly [string, string]): void {
    const index = this.layers.length - 1;
    const { keyValueHeads = 0, width = 0 } = this.layers[index] ?? {};
    const dims = [this.batch, keyValueHeads, 'length', width];
    g.output({ name: `present_key_${index}`, type: ElementType.FLOAT, dims }, g.toFloat32(key));
    g.output({ name: `present_value_${index}`, type: ElementType.FLOAT, dims }, g.toFloat32(value));
  }

  /** Before the first token. */
  empty(): Record<string, Tensor> {
    const none = (keyValueHeads: number, width: number): Tensor =>
      new Tensor('float32', new Float32Array(0), [this.batch, keyValueHeads, 0, width]);
    return Object.fromEntries(
      this.layers.flatMap(({ keyValueHeads, width }, index) => [
        [`past_key_${index}`, none(keyValueHeads, width)],
        [`past_value_${index}`, none(keyValueHeads, width)],
      ]),
    );
  }
}

/** Rows that are continued token by token: each token is computed once, its keys and values are kept. */
export class NextTokens implements TokenRows {
  readonly keeps = true;
  #length = 0;

  private constructor(
    private readonly session: ModelSession,
    private past: Record<string, Tensor>,
  ) {}

  static async load(model: InspectedModel, run: NextTokensShape, options: SessionOptions): Promise<NextTokens> {
    const cache = new CacheInGraph(run.batch);
    // The fused kernel treats a query that may see nothing in a way of its own, so masks use the plain one.
    const device = run.masked
      ? { ...options.device, target: { ...options.device.target, attention: 'plain' as const } }
      : options.device;
    const session = await ModelSession.forNextTokens(model, { ...run, cache }, { ...options, device });
    return new NextTokens(session, cache.empty());
  }

  /** Logits after the new tokens: [batch][vocabulary] */
  async advance({ rows, mask }: NewTokens): Promise<Float32Array[]> {
    const count = rows[0]?.length ?? 0;
    const bias: Record<string, Tensor> = mask
      ? { attention_bias: new Tensor('float32', mask.bias, [rows.length, 1, count, this.#length + count]) }
      : {};
    const outputs = await this.session.runAll({
      ...commonFeeds(rows, this.#length, mask?.positions),
      ...bias,
      ...this.past,
    });
    this.#length += count;
    this.past = Object.fromEntries(
      Object.entries(outputs).flatMap(([name, tensor]) =>
        name.startsWith('present_') ? [[name.replace('present_', 'past_'), tensor] as const] : [],
      ),
    );
    return rowsOfLogits(floats(outputs, 'logits'), rows.length);
  }

  /** Each row goes on as the row `parents` names: it gets that one's keys and values. */
  reorder(parents: readonly number[]): void {
    if (parents.every((parent, row) => parent === row)) return;
    this.past = Object.fromEntries(Object.entries(this.past).map(([name, tensor]) => [name, rowsOf(tensor, parents)]));
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** Rows of the first axis, in this order. */
function rowsOf(tensor: Tensor, rows: readonly number[]): Tensor {
  const { data, dims } = tensor;
  if (!(data instanceof Float32Array)) throw new Error('keys and values are float32');
  const [count = 1] = dims;
  const size = data.length / count;
  const taken = new Float32Array(size * rows.length);
  for (const [index, row] of rows.entries()) taken.set(data.subarray(row * size, (row + 1) * size), index * size);
  return new Tensor('float32', taken, [rows.length, ...dims.slice(1)]);
}
