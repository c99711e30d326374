import type { RuntimeDeps } from './context.js';
import { report } from './context.js';
import { causeOf, toAssayError } from '../errors/describe.js';
import { importsToLookAt } from './imported-claims.js';
import { queueOf } from './intake/claim-queue.js';
import { knowsHistory } from './intake/history.js';
import { QueueAlarm } from './intake/queue-alarm.js';
import { takeClaimsIn } from './intake/take-in.js';
import { mendState } from './mend-state.js';
import type { ModelCheck } from './model-check.js';
import { defendingContenders, entrantsOf } from './round/entrants.js';
import { inOrder, planRound } from './round/plan.js';
import { runRound } from './round/round.js';
import type { ScheduledCompetition } from './competitions.js';
import { attempt, isAbort, type Loop } from './supervise.js';
import { UnknownAlarm } from './unknown-alarm.js';

/** What became of a competition's turn. */
type Turn = 'judged' | 'void' | 'skipped' | 'empty' | 'unchanged' | 'waiting';

/** Judges one competition after the other, round-robin over the schedule in force. */
export class EvaluationLoop implements Loop {
  readonly name = 'evaluation';
  readonly #alarm: UnknownAlarm;
  readonly #queueAlarm: QueueAlarm;
  #recorded = 0;
  #turn = 0;

  constructor(
    private readonly options: {
      rounds?: number;
      hotkey: string;
      /** Whether every claim has been looked at; a competition without a standing waits for it. */
      isReady?: () => boolean;
    },
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
  ) {
    this.#alarm = new UnknownAlarm(deps);
    this.#queueAlarm = new QueueAlarm(deps);
  }

  /** Rounds that this run has recorded. */
  get recorded(): number {
    return this.#recorded;
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const turns: Turn[] = [];
      const passed = await attempt(this.deps, this.name, async () => {
        for (const entry of await this.#inForce(signal)) {
          turns.push(await this.#take(entry, false, signal));
          if (this.options.rounds !== undefined && this.#recorded >= this.options.rounds) return;
        }
      });
      if (this.options.rounds !== undefined && this.#recorded >= this.options.rounds) return;
      // Only a judged round is worth an immediate next one: the rest waits for new models, blocks or health.
      if (!passed || !turns.includes('judged'))
        await this.deps.clock.sleep(this.deps.profile.cadences.evaluationIdle, signal);
    }
  }

  /** One round of every scheduled competition, whether or not anything has changed. */
  async pass(signal: AbortSignal): Promise<void> {
    await this.#passOnce(true, signal);
  }

  /** A round of every scheduled competition in which something has changed. @returns whether there may be more to do */
  async passIfChanged(signal: AbortSignal): Promise<boolean> {
    const before = await this.#waiting(signal);
    const turns = await this.#passOnce(false, signal);
    return turns.includes('judged') || (await this.#waiting(signal)) < before;
  }

  async #passOnce(force: boolean, signal: AbortSignal): Promise<Turn[]> {
    const turns: Turn[] = [];
    for (const entry of await this.#inForce(signal))
      await attempt(this.deps, this.name, async () => {
        turns.push(await this.#take(entry, force, signal));
      });
    return turns;
  }

  /** Claims in all queues. */
  async #waiting(signal: AbortSignal): Promise<number> {
    const { number } = await this.deps.chain.head(signal);
    const queues = this.deps.competitions.inForce(number).map((entry) => queueOf(this.deps, entry, number));
    return queues.reduce((sum, queue) => sum + (queue?.waiting.length ?? 0), 0);
  }

  /** The competitions in force, beginning with the one whose turn it is. */
  async #inForce(signal: AbortSignal): Promise<ScheduledCompetition[]> {
    const { number } = await this.deps.chain.head(signal);
    const inForce = this.deps.competitions.inForce(number);
    const start = inForce.length > 0 ? this.#turn % inForce.length : 0;
    return [...inForce.slice(start), ...inForce.slice(0, start)];
  }

  async #take(entry: ScheduledCompetition, force: boolean, signal: AbortSignal): Promise<Turn> {
    this.#turn += 1;
    const { competition } = entry;
    await mendState(this.deps);
    const now = await this.deps.chain.head(signal);
    const { current: snapshot } = this.deps.view;
    if (!(await knowsHistory(this.deps, entry, now.number))) return 'waiting';
    await takeClaimsIn(this.deps, entry, snapshot);
    const queue = queueOf(this.deps, entry, now.number);
    if (queue) this.#queueAlarm.update(entry, queue);
    const { contenders, repetition } = entrantsOf(this.deps, entry, now.number);
    // What can't be looked at blocks a queue without a round; it makes a round void where everybody plays.
    const unknown = queue ? [] : this.check.unknowns.of(competition, { stage: 'look', snapshot, block: now.number });
    const isFirst = this.deps.state.standing(competition.id) === undefined;
    if (!queue && isFirst && this.options.isReady?.() === false) return 'waiting';
    const awaited = importsToLookAt(this.deps);
    if (awaited.some(({ kept, pending }) => [...kept, ...pending].includes(competition.id))) return 'waiting';
    try {
      // Fetch defenders also while no challenger waits, so that a missing model is noticed before it is needed.
      const defending = await defendingContenders(this.deps, this.check.defenders, entry, now.number, signal);
      if (contenders.length + unknown.length === 0) return 'empty';
      const playing = inOrder([...defending, ...contenders]);
      const plan = await planRound(this.deps, entry, { contenders: playing, repetition, unknown }, now, signal);
      if (!force && this.deps.state.lastRound(competition.id)?.fingerprint === plan.fingerprint) return 'unchanged';
      const { reasonForVoid } = await runRound(this.deps, this.check, plan, this.options.hotkey, signal);
      this.#recorded += 1;
      this.#alarm.update(competition, reasonForVoid);
      return reasonForVoid ? 'void' : 'judged';
    } catch (error) {
      if (isAbort(error)) throw error;
      const known = toAssayError(error);
      if (known.fault === 'config' && known.retry === 'never') throw known;
      if (known.code === 'DEFENDER_UNAVAILABLE') this.#alarm.update(competition, known.toReport());
      this.deps.log('warn', 'a round was skipped', {
        competition: competition.name,
        code: known.code,
        cause: causeOf(known),
      });
      report(this.deps, {
        event: 'round-skipped',
        competition: { id: competition.id, name: competition.name },
        block: now.number,
        error: known.toReport(),
      });
      return 'skipped';
    }
  }
}
