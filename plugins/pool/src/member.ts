import { randomUUID } from 'node:crypto';
import type { Evaluator, Numerics } from '@assay/core/contracts/evaluator';
import { toAssayError } from '@assay/core/errors/describe';
import { isAbort } from '@assay/core/runtime/supervise';
import { poolErrors } from './errors.js';

/** Milliseconds for which a member is set aside after its first failure in a row; each further one doubles them. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 600_000;

/** The canary is tiny: a member that takes longer for it is sick. */
const CANARY_DEADLINE_MS = 60_000;

/** One evaluator of a pool, and what the pool knows of it. */
export class Member {
  /** Requests that it computes now. */
  busy = 0;
  /** Digests of models that it holds loaded for another part. */
  readonly kept = new Set<string>();
  /** Digest of the model that it was told to make ready. */
  prepared: string | undefined;
  #slots = 1;
  #failures = 0;
  #asideUntil = 0;
  #mustProve = false;
  #numerics: Numerics | undefined;

  constructor(
    readonly name: string,
    readonly evaluator: Evaluator,
    private readonly now: () => number,
  ) {}

  /** Requests that it computes at a time. */
  get slots(): number {
    return this.#slots;
  }

  /** Monotonic milliseconds until which it is set aside. */
  get asideUntil(): number {
    return this.#asideUntil;
  }

  get isAside(): boolean {
    return this.now() < this.#asideUntil;
  }

  get isFree(): boolean {
    return this.busy < this.#slots;
  }

  async count(signal: AbortSignal): Promise<number> {
    this.#slots = Math.max(1, (await this.evaluator.capacity?.(signal)) ?? 1);
    return this.#slots;
  }

  async numerics(signal: AbortSignal): Promise<Numerics> {
    this.#numerics = await this.evaluator.numerics(signal);
    return this.#numerics;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Sets it aside for a while that grows with each failure in a row. It scores a canary before its next request. */
  setAside(): void {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#asideUntil = this.now() + pause;
    this.#mustProve = true;
    this.kept.clear();
    this.prepared = undefined;
  }

  /**
   * After it was set aside: whether it computes as the pool does, and scores its canary right.
   * @throws POOL_MEMBER_SICK: whatever it fails with says nothing about the model that is asked for next
   */
  async prove(pool: { name: string; numerics: Numerics }, signal: AbortSignal): Promise<void> {
    if (!this.#mustProve) return;
    try {
      requireSame(pool, { name: this.name, numerics: await this.numerics(signal) });
      await this.#scoreCanary(signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      throw poolErrors.POOL_MEMBER_SICK({ member: this.name, reason: toAssayError(error).message }, error);
    }
    this.#mustProve = false;
    this.#asideUntil = 0;
  }

  async #scoreCanary(signal: AbortSignal): Promise<void> {
    const canary = await this.evaluator.canary?.();
    if (!canary) return;
    const { model, task, score, tolerance } = canary;
    const request = { id: randomUUID(), model, tasks: [task], deadlineMs: CANARY_DEADLINE_MS };
    const { results, numerics } = await this.evaluator.evaluate(request, () => undefined, signal);
    const losses = results[0]?.losses ?? [];
    const found = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    if (!(Math.abs(found - score) <= tolerance(numerics)))
      throw new Error(`it gives a model of loss ${score} the loss ${found}`);
  }
}

/** @throws POOL_NUMERICS_DIFFER where results of the two may not be mixed */
export function requireSame(
  first: { name: string; numerics: Numerics },
  other: { name: string; numerics: Numerics },
): void {
  const keys = [...new Set([...Object.keys(first.numerics), ...Object.keys(other.numerics)])];
  const differing = keys.filter((key) => first.numerics[key] !== other.numerics[key]).sort();
  if (differing.length > 0)
    throw poolErrors.POOL_NUMERICS_DIFFER({ first: first.name, other: other.name, keys: differing });
}
