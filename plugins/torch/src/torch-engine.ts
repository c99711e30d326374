import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import type { AttentionRule } from '@assay/lib-model-graph/architectures/architecture';
import type { NewTokens, TokenRows } from '@assay/lib-model-graph/generation/growing-tokens';
import { documentOf } from '@assay/lib-model-graph/graph/document';
import { ElementType } from '@assay/lib-model-graph/graph/graph';
import type { GraphBuilder } from '@assay/lib-model-graph/graph/graph-builder';
import {
  lossGraph,
  nextTokensGraph,
  type GraphOptions,
  type NextTokensRun,
} from '@assay/lib-model-graph/graph/model-graphs';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import type { ComputeType } from '@assay/lib-model-graph/program/compute-type';
import type { Engine, EngineModel, LossRules, Sample, SampleLoss } from '@assay/lib-model-graph/program/engine';
import { readOnce } from '@assay/lib-model-graph/program/prepare';
import { batchesOf, type Batch } from './batches.js';
import type { EngineProcess } from './engine-process.js';

const ELEMENT_TYPES = {
  float32: ElementType.FLOAT,
  bfloat16: ElementType.BFLOAT16,
  float16: ElementType.FLOAT16,
} as const;

export interface TorchOptions {
  computeType: ComputeType;
  attention: AttentionRule;
  /** Tokens that are computed at a time, in whole rows and at least one. */
  batchTokens: number;
}

const loaded = z.object({ skipped: z.boolean().optional() });
const rowSums = z.object({ sums: z.array(z.number().nullable()), counts: z.array(z.number()) });
const encodedLogits = z.object({ logits: z.string() });

/** torch in a Python process. */
export class TorchEngine implements Engine {
  readonly name = 'assay-torch';
  #models = 0;
  /** A model that is loaded ahead, by the folder of its weights. */
  #ahead: { directory: string; model: TorchModel } | undefined;

  constructor(
    readonly numerics: Engine['numerics'],
    private readonly process: EngineProcess,
    private readonly options: TorchOptions,
  ) {}

  get gone(): Promise<void> {
    return this.process.gone;
  }

  async open(model: InspectedModel): Promise<EngineModel> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.directory === model.directory) return ahead.model;
    await ahead?.model.release();
    return this.#new(model);
  }

  /** Loads the weights while another model is computed, where the device has room for both. */
  async prepare(model: InspectedModel, signal: AbortSignal): Promise<void> {
    if (this.#ahead) return;
    const prepared = this.#new(model);
    this.#ahead = { directory: model.directory, model: prepared };
    if (await prepared.loadBeside()) return;
    this.#ahead = undefined;
    await readOnce(model, signal);
  }

  #new(model: InspectedModel): TorchModel {
    this.#models += 1;
    return new TorchModel(String(this.#models), model, this.process, this.options);
  }
}

/** One model: a program for each shape, all on the same weights. */
class TorchModel implements EngineModel {
  loadMs = 0;
  /** Programs that are loaded, by their shape; the last one that was used stands last. */
  readonly #programs = new Map<string, Promise<unknown>>();

  constructor(
    private readonly id: string,
    private readonly model: InspectedModel,
    private readonly process: EngineProcess,
    private readonly options: TorchOptions,
  ) {}

  async *losses(
    samples: AsyncIterable<Sample>,
    { packed, padTokenId }: LossRules,
    signal: AbortSignal,
  ): AsyncGenerator<SampleLoss> {
    const pad = packed ? {} : { pad: padTokenId };
    const batches = batchesOf(samples, this.options.batchTokens);
    // A request that is given up does not wait for what the device computes at the moment.
    const results = ahead(batches, (batch) => untilAborted(this.#sums(batch, pad), signal));
    const open = new Map<number, { sum: number; count: number }>();
    for await (const { batch, result } of results) {
      for (const [index, row] of batch.rows.entries()) {
        const own = open.get(row.sample) ?? { sum: 0, count: 0 };
        own.sum += result.sums[index] ?? NaN;
        own.count += result.counts[index] ?? NaN;
        open.set(row.sample, own);
        if (row.isLast) {
          open.delete(row.sample);
          yield { sample: row.sample, loss: own.sum / own.count };
        }
      }
    }
  }

  async #sums(batch: Batch, pad: { pad?: number }): Promise<z.infer<typeof rowSums>> {
    const rows = batch.rows.map(({ tokens }) => tokens);
    const program = await this.#lossProgram(rows.length, batch.length);
    const given = { model: this.id, program, ...idsOf(rows), ...pad };
    return rowSums.parse(await this.process.request('losses', given));
  }

  async #lossProgram(rows: number, length: number): Promise<string> {
    const name = `losses ${rows} x ${length}`;
    await this.#loadOnce(name, () => lossGraph(this.model, rows, length, this.#graphOptions));
    return name;
  }

  async lastLogits(rows: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const length = rows[0]?.length ?? 0;
    const run = { batch: rows.length, positions: length, masked: false, lengthAt: () => length };
    const growing = await this.tokenRows(run);
    try {
      return await growing.advance({ rows });
    } finally {
      await growing.release();
    }
  }

  async tokenRows(run: Omit<NextTokensRun, 'cache'>): Promise<TokenRows> {
    const program = `tokens ${(this.#tokenRows += 1)}`;
    await this.#load(program, () => nextTokensGraph(this.model, run, this.#graphOptions));
    return new WholeRows(this.id, program, this.process);
  }
  #tokenRows = 0;

  /** Whether the device had room for it beside the model that is computed. */
  async loadBeside(): Promise<boolean> {
    const name = 'beside';
    const graph = lossGraph(this.model, 1, 2, this.#graphOptions);
    const result = await this.process.request('load', { ...this.#loadOf(name, graph), beside: true });
    return loaded.parse(result).skipped !== true;
  }

  async #loadOnce(name: string, graph: () => GraphBuilder): Promise<void> {
    const loading = this.#programs.get(name) ?? this.#load(name, graph);
    this.#programs.delete(name);
    this.#programs.set(name, loading);
    const [oldest] = this.#programs.keys();
    if (oldest !== undefined && this.#programs.size > MAX_PROGRAMS) {
      this.#programs.delete(oldest);
      void this.process.request('forget', { model: this.id, program: oldest }).catch(() => undefined);
    }
    await loading;
  }

  async #load(name: string, graph: () => GraphBuilder): Promise<void> {
    const startedAt = performance.now();
    await this.process.request('load', this.#loadOf(name, graph()));
    this.loadMs += performance.now() - startedAt;
  }

  #loadOf(program: string, graph: GraphBuilder): Record<string, unknown> {
    const { computeType } = this.#graphOptions.target;
    return { model: this.id, program, document: documentOf(graph.graph(), computeType, this.model.weightsFolder) };
  }

  get #graphOptions(): GraphOptions {
    const { computeType, attention } = this.options;
    return { attention, target: { attention: 'plain', computeType: ELEMENT_TYPES[computeType], whole: true } };
  }

  rest(): Promise<void> {
    return Promise.resolve();
  }

  /** Requests are answered in their order, so this one need not be awaited. */
  release(): Promise<void> {
    this.#programs.clear();
    void this.process.request('release', { model: this.id }).catch(() => undefined);
    return Promise.resolve();
  }
}

/** Programs that a model keeps: samples of one shape are the rule, and the last batch of a task is shorter. */
const MAX_PROGRAMS = 4;

/** Rows that are computed whole at every step. */
class WholeRows implements TokenRows {
  readonly keeps = false;

  constructor(
    private readonly model: string,
    private readonly program: string,
    private readonly process: EngineProcess,
  ) {}

  async advance({ rows, mask }: NewTokens): Promise<Float32Array[]> {
    const masked = mask
      ? {
          positions: base64(BigInt64Array.from(mask.positions.flat(), BigInt)),
          mask: base64(mask.bias),
        }
      : {};
    const given = { model: this.model, program: this.program, ...idsOf(rows), ...masked };
    const { logits } = encodedLogits.parse(await this.process.request('logits', given));
    const bytes = Uint8Array.from(Buffer.from(logits, 'base64'));
    const values = new Float32Array(bytes.buffer);
    const width = values.length / rows.length;
    return rows.map((_row, index) => values.slice(index * width, (index + 1) * width));
  }

  /** Each step is given whole rows. */
  reorder(): void {
    return undefined;
  }

  async release(): Promise<void> {
    await this.process.request('forget', { model: this.model, program: this.program });
  }
}

const base64 = ({ buffer, byteOffset, byteLength }: Float32Array | BigInt64Array | Int32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

const idsOf = (rows: readonly (readonly number[])[]): { rows: number; length: number; ids: string } => ({
  rows: rows.length,
  length: rows[0]?.length ?? 0,
  ids: base64(Int32Array.from(rows.flat())),
});

/** Asks for each result while the one before is computed: the device does not wait for the next request. */
async function* ahead<Item, Result>(
  items: AsyncIterable<Item>,
  ask: (item: Item) => Promise<Result>,
): AsyncGenerator<{ batch: Item; result: Result }> {
  let before: { batch: Item; result: Promise<Result> } | undefined;
  for await (const batch of items) {
    const result = ask(batch);
    // The error is thrown where the result is awaited.
    result.catch(() => undefined);
    if (before) yield { batch: before.batch, result: await before.result };
    before = { batch, result };
  }
  if (before) yield { batch: before.batch, result: await before.result };
}
