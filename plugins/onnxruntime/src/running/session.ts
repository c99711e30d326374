import { performance } from 'node:perf_hooks';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../encode.js';
import type { AttentionRule } from '@assay/lib-model-graph/architectures/architecture';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import type { Device } from '../devices/device.js';
import type { GraphBuilder } from '@assay/lib-model-graph/graph/graph-builder';
import {
  lastLogitsGraph,
  lossGraph,
  nextTokensGraph,
  type GraphOptions,
  type NextTokensRun,
} from '@assay/lib-model-graph/graph/model-graphs';

export interface SessionOptions {
  device: Device;
  attention: AttentionRule;
  /** Told how many milliseconds each graph took to load. */
  onLoad?: (ms: number) => void;
  /** Threads of one operator; 0 leaves it to the runtime. */
  threads: number;
}

/** A loaded graph; weights are mapped from the files, not copied. */
export class ModelSession {
  private constructor(private readonly session: InferenceSession) {}

  /** Losses of each position: ids [batch, sequence], both fixed, labels [batch * (sequence - 1), 1]. */
  static forLosses(
    model: InspectedModel,
    batch: number,
    sequence: number,
    options: SessionOptions,
  ): Promise<ModelSession> {
    return ModelSession.#load(lossGraph(model, batch, sequence, graphOptions(options)), model, options);
  }

  /** Logits of the last position: ids [batch, sequence], both fixed. */
  static forLastLogits(
    model: InspectedModel,
    batch: number,
    sequence: number,
    options: SessionOptions,
  ): Promise<ModelSession> {
    return ModelSession.#load(lastLogitsGraph(model, batch, sequence, graphOptions(options)), model, options);
  }

  /** The same for the next tokens after those in a cache, any number of them. */
  static forNextTokens(model: InspectedModel, run: NextTokensRun, options: SessionOptions): Promise<ModelSession> {
    return ModelSession.#load(nextTokensGraph(model, run, graphOptions(options)), model, options);
  }

  static async #load(g: GraphBuilder, model: InspectedModel, options: SessionOptions): Promise<ModelSession> {
    const startedAt = performance.now();
    const session = await InferenceSession.create(encodeModel(g.graph()), {
      executionProviders: [options.device.provider],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: options.device.optimization,
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: {
        session: {
          // Links resolved: the runtime refuses whatever leads out of the folder.
          model_external_initializers_file_folder_path: model.weightsFolder,
          disable_prepacking: '1',
          intra_op: { allow_spinning: '0' },
        },
        optimization: { disable_specified_optimizers: 'ConstantFolding' },
      },
    });
    options.onLoad?.(performance.now() - startedAt);
    return new ModelSession(session);
  }

  /** One float32 output. */
  async run(feeds: Readonly<Record<string, Tensor>>, output: string): Promise<Float32Array> {
    return floats(await this.session.run(feeds, [output]), output);
  }

  /** Every output. */
  async runAll(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> {
    return this.session.run(feeds);
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** The values of one float32 output. */
export function floats(outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`the graph gave no ${name}`);
  return data;
}

const graphOptions = ({ device, attention }: SessionOptions): GraphOptions => ({ target: device.target, attention });

/** logits: [batch * vocabulary] -> [batch][vocabulary] */
export function rowsOfLogits(logits: Float32Array, batch: number): Float32Array[] {
  const width = logits.length / batch;
  return Array.from({ length: batch }, (_none, row) => logits.slice(row * width, (row + 1) * width));
}

const int64 = (values: readonly number[], dims: readonly number[]): Tensor =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), dims);

/**
 * What every graph is fed with.
 * @param rows [batch][sequence]
 * @param before tokens that are in the cache
 * @param positions [batch][sequence]; the places in the sequence where none are given
 */
export function commonFeeds(
  rows: readonly (readonly number[])[],
  before = 0,
  positions?: readonly (readonly number[])[],
): Record<string, Tensor> {
  const [batch, count] = [rows.length, rows[0]?.length ?? 0];
  const places = rows.map((row) => row.map((_token, index) => before + index));
  return {
    ids: int64(rows.flat(), [batch, count]),
    positions: int64((positions ?? places).flat(), [batch, count]),
    places: int64(places.flat(), [batch, count]),
    last_index: new Tensor(
      'int32',
      Int32Array.from(rows, () => before + count - 1),
      [batch],
    ),
    length: new Tensor('int32', Int32Array.of(before + count), []),
  };
}

/** Each row's next tokens. rows: [batch][sequence] -> [batch * (sequence - 1), 1] */
export function labelFeed(rows: readonly (readonly number[])[]): Tensor {
  const labels = rows.flatMap((row) => row.slice(1));
  return int64(labels, [labels.length, 1]);
}
