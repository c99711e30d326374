import type { Reveal, SubmissionFate } from '../../contracts/chain-client.js';
import { toAssayError } from '../../errors/describe.js';
import { report, type RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';
import type { WeightCommit } from '../tables.js';
import { put } from '../derived-rows.js';
import { ownLanding } from './own-updates.js';

type CommitDeps = Pick<RuntimeDeps, 'chain' | 'state' | 'reporter' | 'clock' | 'log'>;
type CommittedFate = Extract<SubmissionFate, { status: 'committed' }>;

/** Follows committed weights until they are in force, or never can be. What is followed stands in the journal. */
export class Commits {
  /** @param options the hotkey that has committed: what another has committed in this journal waits for its return */
  constructor(
    private readonly options: { hotkey: string },
    private readonly deps: CommitDeps,
  ) {}

  /** Commits that are never in force unless a run reveals them, the oldest first. */
  get owed(): WeightCommit[] {
    return this.#open.filter(({ reveal }) => reveal.by === 'validator');
  }

  get #open(): WeightCommit[] {
    const { hotkey: own } = this.options;
    return this.deps.state.weightCommits().filter(({ hotkey = own }) => hotkey === own);
  }

  /** One look at each commit that may be revealed by now. Trouble with one does not keep the others from their reveal. */
  async follow(signal: AbortSignal): Promise<void> {
    const { chain } = this.deps;
    const open = this.#open;
    if (open.length === 0) return;
    const { number: head } = await chain.head(signal);
    let failure: unknown;
    for (const commit of open.filter(({ reveal }) => reveal.block <= head)) {
      try {
        await this.#look(commit, head, signal);
      } catch (error) {
        if (isAbort(error)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw toAssayError(failure);
  }

  async #look(commit: WeightCommit, head: number, signal: AbortSignal): Promise<void> {
    const fate = await this.deps.chain.weightsFate(commit.ticket, signal);
    switch (fate.status) {
      case 'open':
        return;
      case 'committed':
        await this.#bringForward(commit, fate, head, signal);
        return;
      case 'revealed':
        await this.#revealed(commit, fate.revealedAt.number);
        return;
      case 'set':
        await this.#revealed(commit, fate.at.number);
        return;
      case 'unrevealed':
        await this.#unrevealed(commit, fate.reason);
        return;
      case 'refused':
        await this.#unrevealed(commit, fate.error.message);
        return;
      case 'lost':
        await this.#unrevealed(commit, 'No block holds the commit any more.');
    }
  }

  /** A commit that is still closed: revealed where that is ours to do, waited for where it is not. */
  async #bringForward(commit: WeightCommit, fate: CommittedFate, head: number, signal: AbortSignal): Promise<void> {
    const { chain } = this.deps;
    const isOurs = fate.reveal.by === 'validator' && fate.reveal.block <= head;
    if (isOurs && chain.revealWeights) {
      const { number } = await chain.revealWeights(commit.ticket, signal);
      await this.#revealed(commit, number);
      return;
    }
    await this.#wait(commit, fate.reveal, fate.waitsFor);
  }

  async #wait(commit: WeightCommit, reveal: Reveal, waitsFor: string | undefined): Promise<void> {
    const { block } = commit;
    const isNews = waitsFor !== undefined && waitsFor !== commit.waitsFor;
    if (!isNews && reveal.block === commit.reveal.block && reveal.by === commit.reveal.by) return;
    if (isNews) {
      this.deps.log('warn', 'the reveal of committed weights takes longer than planned', { block, waitsFor });
      report(this.deps, { event: 'weights-waiting', committedAt: block, reason: waitsFor });
    }
    const told = waitsFor ?? commit.waitsFor;
    const row = { ...commit, reveal, ...(told === undefined ? {} : { waitsFor: told }) };
    await this.deps.state.write(put.weightCommit(block, row));
  }

  async #revealed({ block: committedAt }: WeightCommit, block: number): Promise<void> {
    report(this.deps, { event: 'weights-revealed', committedAt, block });
    await this.deps.state.update(() => [
      put.weightCommit(committedAt, undefined),
      ...ownLanding(this.deps.state, block),
    ]);
  }

  /** An alarm is raised before the row goes: a crash between the two raises it twice, and not never. */
  async #unrevealed({ block: committedAt }: WeightCommit, reason: string): Promise<void> {
    this.deps.log('error', 'committed weights are not revealed', { block: committedAt, reason });
    report(this.deps, { event: 'weights-unrevealed', committedAt, reason });
    await this.deps.state.write(put.weightCommit(committedAt, undefined));
  }
}
