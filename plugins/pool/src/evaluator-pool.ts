import { monotonicMs, type Clock } from '@assay/core/contracts/clock';
import type {
  EvaluationAnswer,
  EvaluationProgress,
  EvaluationRequest,
  Evaluator,
  Numerics,
} from '@assay/core/contracts/evaluator';
import type { Log } from '@assay/core/contracts/logger';
import type { VerifiedModel } from '@assay/core/contracts/model';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { isKill } from '@assay/core/evaluation/exits';
import { isAbort } from '@assay/core/runtime/supervise';
import { LossesOnce } from './losses-once.js';
import { Member, requireSame } from './member.js';
import { WaitingLine } from './waiting-line.js';

/** Failures of a member's process that say nothing about the model: another member computes it. */
const isOfTheMember = (error: AssayError): boolean =>
  ['EVALUATOR_START', 'EVALUATOR_KILLED', 'POOL_MEMBER_SICK'].includes(error.code) ||
  (error.code === 'EVALUATOR_CRASHED' && isKill(String(error.payload['exit'])));

/** Failures after which a member has to score a canary before it is used again. */
const isSuspicious = (error: AssayError): boolean =>
  isOfTheMember(error) || (error.fault !== 'miner' && error.code.startsWith('EVALUATOR_'));

/** What the pool knows of itself once its members have started. */
interface Started {
  /** Of the member by which the others are measured. */
  name: string;
  numerics: Numerics;
}

/**
 * An evaluator made of evaluators. A request goes to one member: to the one that holds its model, else to one that has nothing to
 * do. Where nothing else is under way it goes to the member of the last such request, so that a canary, a control and a model that
 * failed are scored by one member (ADR 16). A member that fails is set aside for a while and scores its canary before
 * its next request; a request whose member was killed from outside is computed by another one.
 */
export class EvaluatorPool implements Evaluator {
  readonly kinds: readonly string[];
  readonly canary?: NonNullable<Evaluator['canary']>;
  readonly #members: readonly Member[];
  readonly #line = new WaitingLine<Member>();
  readonly #now: () => number;
  #started: Promise<Started> | undefined;
  /** Member of requests that come alone. */
  #home: Member | undefined;

  /** @param parts at least one */
  constructor(
    parts: readonly { name: string; evaluator: Evaluator }[],
    private readonly deps: { clock: Clock; log: Log },
  ) {
    this.#now = () => monotonicMs(deps.clock);
    this.#members = parts.map(({ name, evaluator }) => new Member(name, evaluator, this.#now));
    const evaluators = parts.map(({ evaluator }) => evaluator);
    const [first, ...others] = evaluators;
    this.kinds = (first?.kinds ?? []).filter((kind) => others.every(({ kinds }) => kinds.includes(kind)));
    if (first?.canary && others.every((one) => one.canary !== undefined)) this.canary = first.canary.bind(first);
  }

  async numerics(signal: AbortSignal): Promise<Numerics> {
    return (await this.#start(signal)).numerics;
  }

  /** How many requests the members that are not set aside compute at a time. */
  async capacity(signal: AbortSignal): Promise<number> {
    await this.#start(signal);
    const counts = await Promise.all(this.#usable().map((member) => member.count(signal)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** What every member can load; a member that does not say is not asked. */
  async architectures(signal: AbortSignal): Promise<readonly string[] | undefined> {
    await this.#start(signal);
    const lists = await Promise.all(this.#usable().map(async ({ evaluator }) => evaluator.architectures?.(signal)));
    const said = lists.flatMap((list) => (list ? [list] : []));
    const [first, ...others] = said;
    return first?.filter((name) => others.every((list) => list.includes(name)));
  }

  async evaluate(
    request: EvaluationRequest,
    onProgress: (progress: EvaluationProgress) => void,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    const started = await this.#start(signal);
    const once = new LossesOnce(request.tasks, onProgress);
    const begunAt = this.#now();
    const tried = new Set<Member>();
    for (;;) {
      const member = await this.#line.wait(() => this.#choose(request.model.facts.evaluationDigest, tried), signal);
      this.#forgetPrepared(request.model, member);
      try {
        await member.prove(started, signal);
        const deadlineMs = request.deadlineMs - (tried.size > 0 ? this.#now() - begunAt : 0);
        const answer = await member.evaluator.evaluate({ ...request, deadlineMs }, once.take, signal);
        this.#done(member, request);
        return answer;
      } catch (error) {
        tried.add(member);
        const known = toAssayError(error);
        this.#failed(member, known, isAbort(error));
        const isLate = this.#now() - begunAt >= request.deadlineMs;
        const hasOthers = this.#members.some((one) => !tried.has(one) && !one.isAside);
        if (isAbort(error) || isLate || !hasOthers || !isOfTheMember(known)) throw error;
      } finally {
        member.busy -= 1;
        this.#line.next();
      }
    }
  }

  /** Tells one member of the model that is likely asked for next: one with nothing to do, else one that is longest at work. */
  prepare(model: VerifiedModel): void {
    const usable = this.#usable();
    const digest = model.facts.evaluationDigest;
    if (usable.some(({ kept, prepared }) => kept.has(digest) || prepared === digest)) return;
    const member =
      usable.find(({ busy }) => busy === 0) ?? usable.find(({ prepared }) => prepared === undefined) ?? usable[0];
    if (!member) return;
    member.prepared = digest;
    member.evaluator.prepare?.(model);
  }

  release(model: VerifiedModel): void {
    for (const member of this.#members) {
      if (!member.kept.delete(model.facts.evaluationDigest)) continue;
      member.evaluator.release?.(model);
    }
  }

  /** The members are closed by the one that has made them. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Those that are not set aside; where all are, the one whose pause ends first. */
  #usable(): Member[] {
    const usable = this.#members.filter((member) => !member.isAside);
    if (usable.length > 0) return usable;
    return [...this.#members].sort((a, b) => a.asideUntil - b.asideUntil).slice(0, 1);
  }

  /** A free member for a model, which is then one request busier; undefined where the request has to wait. */
  #choose(digest: string, tried: ReadonlySet<Member>): Member | undefined {
    const all = this.#usable();
    const untried = all.filter((member) => !tried.has(member));
    // Those that are left may have been set aside while the request waited.
    const usable = untried.length > 0 ? untried : all;
    const holder = usable.find(({ kept }) => kept.has(digest));
    const free = usable.filter(({ isFree }) => isFree);
    const isAlone = this.#members.every(({ busy }) => busy === 0);
    const home = isAlone && this.#home && free.includes(this.#home) ? this.#home : undefined;
    const member = holder
      ? free.find((one) => one === holder)
      : (free.find(({ prepared }) => prepared === digest) ?? home ?? leastLoaded(free));
    if (!member) return undefined;
    if (isAlone) this.#home = member;
    if (member.prepared === digest) member.prepared = undefined;
    member.busy += 1;
    return member;
  }

  /** Another member has made the model ready for nothing: it may drop it. */
  #forgetPrepared(model: VerifiedModel, taker: Member): void {
    for (const member of this.#members) {
      if (member === taker || member.prepared !== model.facts.evaluationDigest) continue;
      member.prepared = undefined;
      member.evaluator.release?.(model);
    }
  }

  #done(member: Member, { keep, model }: EvaluationRequest): void {
    const digest = model.facts.evaluationDigest;
    if (keep) member.kept.add(digest);
    else member.kept.delete(digest);
    member.succeeded();
  }

  #failed(member: Member, error: AssayError, isAborted: boolean): void {
    if (isAborted || !isSuspicious(error)) return;
    member.setAside();
    if (this.#home === member) this.#home = undefined;
    this.deps.log('warn', 'a member of the pool is set aside', {
      member: member.name,
      code: error.code,
      ms: Math.max(0, member.asideUntil - this.#now()),
    });
  }

  #start(signal: AbortSignal): Promise<Started> {
    // What one caller's signal has ended is begun again by the next one.
    this.#started ??= this.#compare(signal).catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /**
   * Starts all members. One that does not start is set aside.
   * @throws POOL_NUMERICS_DIFFER; what the first member rejects with where none starts
   */
  async #compare(signal: AbortSignal): Promise<Started> {
    const all = await Promise.allSettled(
      this.#members.map(async (member) => ({ name: member.name, numerics: await member.numerics(signal) })),
    );
    signal.throwIfAborted();
    const started = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first] = started;
    const failure = all.find((one) => one.status === 'rejected');
    if (!first) throw failure?.reason;
    for (const other of started) requireSame(first, other);
    for (const [index, one] of all.entries())
      if (one.status === 'rejected') {
        const member = this.#members[index];
        if (member) this.#failed(member, toAssayError(one.reason), false);
      }
    return first;
  }
}

/** The member with the fewest requests and, of these, the fewest models that it holds for others. */
const leastLoaded = (members: readonly Member[]): Member | undefined =>
  [...members].sort((a, b) => a.busy - b.busy || a.kept.size - b.kept.size)[0];
