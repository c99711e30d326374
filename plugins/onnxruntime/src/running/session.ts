import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Inputs, SeenLength } from '../architectures/architecture.js';
import { lastLogits, tokenLosses } from '../blocks/head.js';
import type { InspectedModel } from '../inspect.js';
import { ElementType } from '../onnx/encode.js';
import { GraphBuilder } from '../onnx/graph-builder.js';

export interface SessionOptions {
  /** Threads of one operator; 0 leaves it to the runtime. */
  threads: number;
}

/** A loaded graph; weights are mapped from the files, not copied. */
export class ModelSession {
  private constructor(private readonly session: InferenceSession) {}

  /** Losses of each position: ids [batch, sequence], both fixed, labels [batch * (sequence - 1), 1]. */
  static async forLosses(model: InspectedModel, batch: number, sequence: number, options: SessionOptions): Promise<ModelSession> {
    const g = new GraphBuilder(model.tensors);
    const inputs = declareInputs(g, batch, sequence, false);
    const labels = g.input({ name: 'labels', type: ElementType.INT64, dims: [batch * (sequence - 1), 1] });
    const { architecture, config } = model;
    const { hidden, head } = architecture.build(g, config, inputs, { positions: sequence, lengthAt: () => sequence });
    const width = architecture.width(config);
    g.output({ name: 'losses', type: ElementType.FLOAT, dims: [batch * (sequence - 1), 1] }, tokenLosses(g, hidden, labels, head, { batch, sequence, width }));
    return ModelSession.#load(g, model, options);
  }

  /** Logits of the last position for sequences of any length up to `positions`. */
  static async forNextToken(
    model: InspectedModel,
    shape: { batch: number; positions: number; masked: boolean; lengthAt: SeenLength },
    options: SessionOptions,
  ): Promise<ModelSession> {
    const { batch, positions, masked, lengthAt } = shape;
    const g = new GraphBuilder(model.tensors);
    const inputs = declareInputs(g, batch, 'sequence', masked);
    const { architecture, config } = model;
    const { hidden, head } = architecture.build(g, config, inputs, { positions, lengthAt });
    const logits = lastLogits(g, hidden, head, batch, architecture.width(config));
    g.output({ name: 'logits', type: ElementType.FLOAT, dims: [batch, architecture.vocabularySize(config)] }, logits);
    return ModelSession.#load(g, model, options);
  }

  static async #load(g: GraphBuilder, model: InspectedModel, options: SessionOptions): Promise<ModelSession> {
    const session = await InferenceSession.create(g.encode(), {
      executionProviders: ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
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
    return new ModelSession(session);
  }

  async run(feeds: Readonly<Record<string, Tensor>>, output: string): Promise<Float32Array> {
    const result = (await this.session.run(feeds, [output]))[output];
    if (!result || !(result.data instanceof Float32Array)) throw new Error(`the graph gave no ${output}`);
    return result.data;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function declareInputs(g: GraphBuilder, batch: number, sequence: number | string, masked: boolean): Inputs {
  return {
    batch,
    ids: g.input({ name: 'ids', type: ElementType.INT64, dims: [batch, sequence] }),
    positions: g.input({ name: 'positions', type: ElementType.INT64, dims: [batch, sequence] }),
    lastIndex: g.input({ name: 'last_index', type: ElementType.INT32, dims: [batch] }),
    length: g.input({ name: 'length', type: ElementType.INT32, dims: [] }),
    ...(masked ? { attentionBias: g.input({ name: 'attention_bias', type: ElementType.FLOAT, dims: [batch, 1, sequence, sequence] }) } : {}),
  };
}

const int64 = (values: readonly number[], dims: readonly number[]): Tensor => new Tensor('int64', BigInt64Array.from(values, BigInt), dims);

/** What every graph is fed with. rows: [batch][sequence]; positions count from 0 where none are given. */
export function commonFeeds(rows: readonly (readonly number[])[], positions?: readonly (readonly number[])[]): Record<string, Tensor> {
  const [batch, length] = [rows.length, rows[0]?.length ?? 0];
  const counted = positions ?? rows.map((row) => row.map((_token, index) => index));
  return {
    ids: int64(rows.flat(), [batch, length]),
    positions: int64(counted.flat(), [batch, length]),
    last_index: new Tensor('int32', Int32Array.from(rows, () => length - 1), [batch]),
    length: new Tensor('int32', Int32Array.of(length), []),
  };
}

/** Each row's next tokens. rows: [batch][sequence] -> [batch * (sequence - 1), 1] */
export function labelFeed(rows: readonly (readonly number[])[]): Tensor {
  const labels = rows.flatMap((row) => row.slice(1));
  return int64(labels, [labels.length, 1]);
}
