import type { AttentionRule } from '@assay/lib-model-graph/architectures/architecture';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import type { Engine, EngineModel, LossRules, Sample, SampleLoss } from '@assay/lib-model-graph/program/engine';
import { readOnce } from '@assay/lib-model-graph/program/prepare';
import type { TokenRows } from '@assay/lib-model-graph/generation/growing-tokens';
import type { Device } from './devices/device.js';
import { lossSessions, sampleLoss } from './running/losses.js';
import { NextTokens, type NextTokensShape } from './running/next-tokens.js';
import { SessionByShape } from './running/session-by-shape.js';
import { commonFeeds, ModelSession, rowsOfLogits, type SessionOptions } from './running/session.js';

/** ONNX Runtime on one device. */
export class OnnxEngine implements Engine {
  readonly name = 'assay-onnxruntime';

  constructor(
    readonly numerics: Engine['numerics'],
    private readonly options: { threads: number; device: Device; attention: AttentionRule },
  ) {}

  open(model: InspectedModel): Promise<EngineModel> {
    return Promise.resolve(new OnnxModel(model, this.options));
  }

  prepare(model: InspectedModel, signal: AbortSignal): Promise<void> {
    return readOnce(model, signal);
  }
}

/** The sessions of one model: weights are mapped when a session is made. */
export class OnnxModel implements EngineModel {
  loadMs = 0;
  readonly #losses: SessionByShape;
  readonly #last: SessionByShape;
  readonly #options: SessionOptions;

  constructor(
    private readonly model: InspectedModel,
    options: Omit<SessionOptions, 'onLoad'>,
  ) {
    this.#options = {
      ...options,
      onLoad: (ms) => {
        this.loadMs += ms;
      },
    };
    this.#losses = lossSessions(model, this.#options);
    this.#last = new SessionByShape((batch, length) => ModelSession.forLastLogits(model, batch, length, this.#options));
  }

  async *losses(samples: AsyncIterable<Sample>, rules: LossRules): AsyncGenerator<SampleLoss> {
    for await (const { sample, rows } of samples) yield { sample, loss: await sampleLoss(this.#losses, rows, rules) };
  }

  async lastLogits(rows: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const session = await this.#last.for(rows);
    return rowsOfLogits(await session.run(commonFeeds(rows), 'logits'), rows.length);
  }

  tokenRows(run: NextTokensShape): Promise<TokenRows> {
    return NextTokens.load(this.model, run, this.#options);
  }

  async rest(): Promise<void> {
    await this.#losses.release();
    await this.#last.release();
  }

  release(): Promise<void> {
    return this.rest();
  }
}
