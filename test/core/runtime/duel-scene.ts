import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Competition } from '@assay/core/competition/competition';
import { rangeOf } from '@assay/core/contracts/evaluation-task';
import type { EvaluationAnswer, EvaluationRequest } from '@assay/core/contracts/evaluator';
import type { ModelReference } from '@assay/core/contracts/model';
import type { RuleChoice } from '@assay/core/contracts/rule';
import { AssayError } from '@assay/core/errors/assay-error';
import { SampleReader } from '@assay/core/evaluation/read-samples';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { takeAllIn } from '@assay/core/runtime/intake/take-in';
import { ModelCheck } from '@assay/core/runtime/model-check';
import duel from '@assay/competition-duel';
import { canaryIn } from './canary.js';
import { ClaimedLoss, COMPETITION, newSubnet, type Subnet } from './subnet.js';

/** Samples of a round, and of a part of it. */
export const SAMPLES = 60;
export const PART = 10;

/** Samples of which the first has the id 1. */
export const samplesFrom = (first: number, count = SAMPLES): number[][][] =>
  Array.from({ length: count }, (_none, index) => [[first + index, 2, 3, 4]]);

/** An error of the machine: the process ended by a signal that it earns by what it does itself, or by one from outside. */
export const crash = (exit: 'signal SIGSEGV' | 'signal SIGKILL'): AssayError =>
  new AssayError({
    ...{ code: 'EVALUATOR_CRASHED', message: exit, hint: 'Wait.', fault: 'validator', retry: 'next-round' },
    payload: { exit },
  });

/** A part of a model that was scored. */
interface ScoredPart {
  name: string;
  from: number;
  to: number;
  keep: boolean;
}

/** The loss of a sample is what the model's file says, and a little more by the first id of the sample, the same for each model. */
export class PartLosses extends ClaimedLoss {
  readonly scored: ScoredPart[] = [];
  readonly released: string[] = [];
  /** Called before each request is answered. */
  before: (part: ScoredPart) => Promise<void> | void = () => undefined;
  capacity?: () => Promise<number>;

  override async evaluate(request: EvaluationRequest): Promise<EvaluationAnswer> {
    const { id, model, tasks, keep = false } = request;
    const loss = Number(readFileSync(join(model.directory, 'model.safetensors'), 'utf8'));
    if (model.reference.namespace === 'assay') return this.#answer(id, [[loss]], tasks);
    const all: number[][] = [];
    for (const task of tasks) {
      const { from, to } = rangeOf(task);
      const part = { name: model.reference.name, from, to, keep };
      await this.before(part);
      const reader = await SampleReader.open(task.samples);
      const losses: number[] = [];
      for (let sample = from; sample < to; sample += 1) {
        const [[first = 0] = []] = await reader.rows(sample);
        losses.push(loss + ((first * 37) % 11) / 1000 + ((first * loss * 1000) % 7) / 10_000);
      }
      await reader.close();
      all.push(losses);
      this.scored.push(part);
    }
    return this.#answer(id, all, tasks);
  }

  release(model: { reference: ModelReference }): void {
    this.released.push(model.reference.name);
  }

  /** How many losses of a model were computed. */
  computed(name: string): number {
    return this.scored.filter((part) => part.name === name).reduce((sum, { from, to }) => sum + to - from, 0);
  }

  async #answer(id: string, losses: number[][], tasks: EvaluationRequest['tasks']): Promise<EvaluationAnswer> {
    const results = tasks.map(({ name, kind }, index) => ({
      ...{ name, kind, losses: losses[index] ?? [] },
      details: { generations: [] },
    }));
    return { id, results, numerics: await this.numerics(), timings: { loadMs: 0, computeMs: 0 } };
  }
}

export const FIRST_KING = 'first-king';

/** Where the subnet publishes a first king of this loss. */
export const firstKing = (loss: number): ModelReference => ({
  namespace: 'miner',
  name: FIRST_KING,
  revision: createHash('sha1').update(`${FIRST_KING}${loss}`).digest('hex'),
});

const MATCH = { margin: 0.0015, alpha: 0.01, resamples: 200, earlyStop: { every: PART } };

/** A competition whose rounds are duels of so many samples. */
export const competitionOf = (match: object = MATCH): Competition => ({
  ...COMPETITION,
  tasks: COMPETITION.tasks.map((task) => ({ ...task, maxBatches: SAMPLES, parameters: { continuation: null } })),
  match: { rule: 'paired-bootstrap', ...match },
  entrants: { rule: 'queue' },
});

export interface DuelScene {
  subnet: Subnet;
  evaluator: PartLosses;
  loop: EvaluationLoop;
  /** Commits, and looks at the claim. */
  claim(uid: number, name: string, loss: number): Promise<void>;
  /** Takes in what was claimed, looks at those whose turn it is, and plays a round where somebody challenges. */
  turn(): Promise<void>;
  /** The samples that the rounds from now on are drawn from. */
  draw(batches: number[][][]): void;
  /** Begins again on what the run has stored, as after an interruption. */
  restart(): void;
}

interface DuelChange {
  match?: object;
  /** Loss of the model that reigns first; nobody reigns at first where it is left out. */
  king?: number;
  hasCanary?: boolean;
  capacity?: number;
}

/** A small subnet that is judged by duels, as a package of rules brings them. */
export async function newDuel({ match, king, hasCanary = true, capacity }: DuelChange = {}): Promise<DuelScene> {
  const batches = samplesFrom(1);
  const standing: RuleChoice = { rule: 'king-chain', kings: 2 };
  const subnet = await newSubnet({
    provides: duel.provides,
    competitions: [competitionOf(match)],
    batches,
    rules: [
      {
        fromBlock: 0,
        standing: king === undefined ? standing : { ...standing, king: { reference: firstKing(king) } },
        seed: { rule: 'challenge' },
        merge: [{ rule: 'by-share' }, { rule: 'burn', to: 1 }],
      },
    ],
  });
  if (king !== undefined) subnet.publish(FIRST_KING, king);
  const evaluator = new PartLosses();
  if (hasCanary) evaluator.canary = () => Promise.resolve(canaryIn(subnet.folder));
  if (capacity !== undefined) evaluator.capacity = () => Promise.resolve(capacity);
  subnet.deps.evaluator = evaluator;
  const scene: DuelScene = {
    subnet,
    evaluator,
    loop: new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check),
    claim: async (uid, name, loss) => {
      subnet.commit(uid, name, loss);
      subnet.network.advance(1);
      await subnet.deps.view.refresh(subnet.signal);
    },
    turn: async () => {
      await takeAllIn(subnet.deps, subnet.deps.view.current);
      const { number } = subnet.network.head();
      for (const neuron of subnet.deps.view.current.neurons)
        await subnet.check.check(neuron, number, false, subnet.signal);
      await scene.loop.pass(subnet.signal);
    },
    draw: (drawn) => {
      batches.splice(0, batches.length, ...drawn);
    },
    restart: () => {
      scene.subnet.check = new ModelCheck(subnet.deps);
      scene.loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, scene.subnet.check);
    },
  };
  return scene;
}
