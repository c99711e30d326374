import type { SampledTensor } from '../../contracts/evaluator.js';
import { repoName, type UsedTensor } from '../../contracts/model.js';
import type { WantedSimilarity } from '../../contracts/similarity.js';
import type { AssayError } from '../../errors/assay-error.js';
import { causeOf, toAssayError } from '../../errors/describe.js';
import { similarPairs, type KnownContender } from '../../judging/similar-pairs.js';
import { tensorListOf, type TensorList } from '../../model/tensor-list.js';
import type { ChosenRules } from '../../rules/chosen.js';
import { report, type RuntimeDeps } from '../context.js';
import { runtimeErrors } from '../errors.js';
import { inSlices } from '../slices.js';
import { isAbort } from '../supervise.js';
import { put } from '../derived-rows.js';
import type { RoundSimilarity } from './entry-shape.js';
import type { EvaluatedContender } from './evaluate.js';
import type { IntactModels } from './intact-models.js';
import { comparisonsIn } from './judged-entry.js';
import type { Contender, RoundPlan } from './plan.js';

/** The entry checks that compare contenders with each other. */
const comparingChecks = (checks: ChosenRules['entryChecks']): ChosenRules['entryChecks'] =>
  checks.filter(({ rule }) => rule.compared && rule.compares);

/**
 * Finds out which contenders have weights in common, and how far they are from each other where an entry check asks for it.
 * Without such a check nothing is read: the digests of all tensors are known since each model's way in.
 */
export class ContenderComparison {
  readonly #wanted: readonly WantedSimilarity[];

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly plan: RoundPlan,
    private readonly models: IntactModels,
  ) {
    this.#wanted = comparingChecks(plan.rules.entryChecks).flatMap(({ rule }) => rule.compares ?? []);
  }

  /**
   * @returns undefined where no check asks and nothing is alike
   * @throws TENSORS_UNKNOWN, EVALUATOR_UNABLE where a check asks for what the inspector can't say
   */
  async run(signal: AbortSignal): Promise<RoundSimilarity | undefined> {
    const checks = comparingChecks(this.plan.rules.entryChecks).map(({ record }) => record);
    const pairs = await inSlices(similarPairs(await this.#known(signal), this.#wanted));
    return checks.length + pairs.length === 0 ? undefined : { pairs, checks };
  }

  async #known(signal: AbortSignal): Promise<KnownContender[]> {
    const { contenders } = this.plan;
    const known: KnownContender[] = [];
    const samples = new Map<string, readonly SampledTensor[] | undefined>();
    for (const contender of contenders) {
      signal.throwIfAborted();
      const { uid, hotkey } = contender.neuron;
      const { block, facts } = contender.model;
      const { tensorsDigest } = facts;
      const list = await this.#list(contender, signal);
      if (!list) continue;
      if (this.#samples && contenders.length > 1 && !samples.has(tensorsDigest))
        samples.set(tensorsDigest, await this.#sample(contender, signal));
      const sample = samples.get(tensorsDigest);
      known.push({ uid, hotkey, block, tensorsDigest, list, ...(sample ? { sample } : {}) });
    }
    return known;
  }

  get #samples(): boolean {
    return this.#wanted.some(({ within }) => within !== undefined);
  }

  /** The tensors of a model. Where a check asks and they are not stored, as of an older version's, it is inspected again. */
  async #list(contender: Contender, signal: AbortSignal): Promise<TensorList | undefined> {
    const { tensorsDigest } = contender.model.facts;
    const stored = this.deps.state.tensors(tensorsDigest);
    if (stored || this.#wanted.length === 0) return stored;
    const tensors = await this.#ofIntact(contender, signal, async (directory): Promise<readonly UsedTensor[]> => {
      const { tensors: found, ...facts } = await this.deps.inspector.inspect(directory, signal);
      if (!found) throw this.#unknown();
      return facts.tensorsDigest === tensorsDigest ? found : [];
    });
    if (!tensors || tensors.length === 0) return undefined;
    const list = tensorListOf(tensors);
    await this.deps.state.write(put.tensors(tensorsDigest, list));
    return list;
  }

  #sample(contender: Contender, signal: AbortSignal): Promise<readonly SampledTensor[] | undefined> {
    const { inspector } = this.deps;
    if (!inspector.sample) throw this.#unknown();
    const seed = this.plan.seed.toString();
    return this.#ofIntact(contender, signal, async (directory) => inspector.sample?.(directory, seed, signal));
  }

  #unknown(): Error {
    return runtimeErrors.TENSORS_UNKNOWN({ competition: this.plan.entry.competition.name });
  }

  /**
   * What is read of files that are the verified ones before and after. Undefined where this machine can't read them: the model
   * can't be scored then either, and the round ends as without it.
   */
  async #ofIntact<T>(
    contender: Contender,
    signal: AbortSignal,
    read: (directory: string) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const model = await this.models.get(contender, signal);
      const found = await read(model.stored.directory);
      if (await this.models.unchanged(model, { failed: false }, signal)) return found;
      this.models.forget(contender);
    } catch (error) {
      const known = toAssayError(error);
      if (isAbort(error) || known.fault === 'config') throw error;
      const { uid } = contender.neuron;
      this.deps.log('warn', 'a model could not be compared', { uid, code: known.code, cause: causeOf(known) });
    }
    return undefined;
  }
}

/** Takes those out of a round whom an entry check refuses for what they are like, and reports them: nothing is computed for them. */
export function withoutCopies(
  deps: Pick<RuntimeDeps, 'rules' | 'reporter' | 'clock'>,
  plan: RoundPlan,
  similarity: RoundSimilarity | undefined,
): { playing: RoundPlan; refused: EvaluatedContender[] } {
  const contenders = plan.contenders.map(({ neuron: { uid, hotkey }, model: { block, reference } }) => ({
    ...{ uid, hotkey, block, reference },
  }));
  const defenders = plan.contenders.flatMap(({ defends }) => defends ?? []);
  const comparisons = comparisonsIn({ similarity, contenders, defenders }, deps.rules) ?? [];
  const refusals = new Map(comparisons.map(({ uid, refusal }) => [uid, refusal]));
  const refused = plan.contenders.flatMap((contender): EvaluatedContender[] => {
    const error = refusals.get(contender.neuron.uid);
    if (error) tellRefused(deps, plan, contender, error);
    return error ? [{ contender, outcome: { status: 'failed', error, sameAs: null } }] : [];
  });
  const playing = plan.contenders.filter((contender) => !refused.some((one) => one.contender === contender));
  return { playing: { ...plan, contenders: playing }, refused };
}

function tellRefused(
  deps: Pick<RuntimeDeps, 'reporter' | 'clock'>,
  { entry: { competition } }: RoundPlan,
  { neuron: { uid, hotkey }, model: { reference } }: Contender,
  error: AssayError,
): void {
  report(deps, {
    event: 'evaluation-finished',
    competition: { id: competition.id, name: competition.name },
    ...{ uid, hotkey, repo: repoName(reference) },
    ...{ score: null, error: error.toReport(), sameAs: null, elapsedMs: 0, timings: null },
  });
}
