import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EvaluationTask } from '@assay/core/contracts/evaluation-task';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import { toAssayError } from '@assay/core/errors/describe';
import type { Log } from '@assay/core/contracts/logger';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-onnxruntime';
import { textLossTaskOf } from '../sample-file.js';
import { mutate, random } from './mutations.js';

const FIXTURES = join(import.meta.dirname, import.meta.dirname.includes('dist') ? '../../fixtures' : '../fixtures');
const { signal } = new AbortController();
const MIB = 1024 * 1024;
/** What an honest small model needs a tenth of. */
const LIMITS = { inspectMs: 5000, deadlineMs: 20_000, memory: 1024 * MIB };
const BATCHES = [
  [[1, 5, 9, 2, 7, 3, 8, 4, 6, 1, 2, 3, 4, 5, 6, 7]],
  [[2, 4, 6, 8, 1, 3, 5, 7, 9, 1, 1, 2, 3, 5, 8, 3]],
];
const SAMPLES = { batches: BATCHES, padTokenId: 0, packed: true, promptLength: 8, generatedTokens: 4 };

interface Finding {
  model: string;
  library: string;
  mutations: string[];
  what: string;
}

const baseFolders = (): string[] =>
  ['models', 'variants', 'models2'].flatMap((group) =>
    readdirSync(join(FIXTURES, group))
      .filter((name) => !name.includes('.'))
      .map((name) => join(FIXTURES, group, name)),
  );

/** Versions of the library; each has its own processes. */
const LIBRARIES = ['4.44', '4.57', '5'] as const;

interface Processes {
  inspector: ModelInspector;
  evaluator: Evaluator;
}

/** Real processes that stay alive from one model to the next: what one of them breaks shows. */
export class Attack {
  private constructor(
    private readonly processes: readonly Processes[],
    private readonly task: EvaluationTask,
  ) {}

  static async init(): Promise<Attack> {
    const log: Log = () => undefined;
    const deps = {
      clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
      dataDir: tmpdir(),
      netuid: 1,
      modules: [],
      make: makesNothing,
      environment: {},
      log,
      resolvePath: (path: string) => path,
    };
    const { inspector, evaluator } = plugin.provides;
    if (!inspector || !evaluator) throw new Error('the plugin lacks an evaluator');
    const processes = LIBRARIES.map(async (library) => {
      const common = { memoryLimit: LIMITS.memory, threads: 1, library };
      const options: unknown = inspector.options.parse(common);
      const evaluatorOptions: unknown = evaluator.options.parse({ ...common, processPerModel: false });
      return {
        inspector: await inspector.create(options, deps, signal),
        evaluator: await evaluator.create(evaluatorOptions, deps, signal),
      };
    });
    const samples = mkdtempSync(join(tmpdir(), 'assay-fuzz-samples-'));
    return new Attack(await Promise.all(processes), textLossTaskOf(samples, SAMPLES));
  }

  /** One spoiled folder. A finding keeps its folder. */
  async once(seed: number): Promise<(Finding & { folder: string }) | undefined> {
    const next = random(seed);
    const bases = baseFolders();
    const model = bases[Math.floor(next() * bases.length)] ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
    cpSync(model, folder, { recursive: true });
    const mutations = Array.from({ length: 1 + Math.floor(next() * 3) }, () => mutate(next, folder));
    const version = Math.floor(next() * LIBRARIES.length);
    const what = await this.#found(folder, version);
    if (what !== undefined) return { model, library: LIBRARIES[version] ?? '', mutations, what, folder };
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }

  async #found(directory: string, version: number): Promise<string | undefined> {
    const processes = this.processes[version];
    if (!processes) throw new Error(`there is no version number ${version}`);
    const { inspector, evaluator } = processes;
    const startedAt = performance.now();
    try {
      const facts = await inspector.inspect(directory, signal);
      const took = performance.now() - startedAt;
      if (took > LIMITS.inspectMs) return `inspection took ${Math.round(took)} ms`;
      const model = { reference: { namespace: 'f', name: 'z', revision: '' }, directory, files: [], facts };
      await evaluator.evaluate(
        {
          id: 'fuzz',
          model,
          tasks: [this.task],
          deadlineMs: LIMITS.deadlineMs,
        },
        () => undefined,
        signal,
      );
      return undefined;
    } catch (error) {
      const { code, fault, message } = toAssayError(error);
      return fault === 'miner' ? undefined : `${code} (${fault}): ${message.slice(0, 300)}`;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.flatMap(({ inspector, evaluator }) => [inspector.close(), evaluator.close()]));
    rmSync(dirname(this.task.samples.path), { recursive: true, force: true });
  }
}
