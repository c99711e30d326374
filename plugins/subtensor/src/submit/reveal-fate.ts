import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference, SubmissionFate } from '@assay/core/contracts/chain-client';
import type { Log } from '@assay/core/contracts/logger';
import { isAssayError } from '@assay/core/errors/assay-error';
import { PALLET, storageIndexOf, type SubnetState } from '../read/subnet.js';
import type { FinalBlocks } from '../rpc/final-blocks.js';
import { hashCommits, timelockedCommits, type HashCommit, type TimelockedCommit } from './commits.js';
import { blockEvents, type BlockEvent } from './events.js';
import { subnetAt, type PlaceDeps } from './place.js';
import { epochAt, firstBlockOf } from './reveal-schedule.js';
import { readEpochs, readStoredRound, revealWindow } from './reveal-timing.js';
import { firstWithout } from './search.js';
import { isRowInForce, whyNotOpened } from './unrevealed.js';
import { revealOf, type CommittedFacts, type HashFacts, type TimelockedFacts } from './weights-facts.js';

/** A commit of weights that a block holds. */
interface Committed<F extends CommittedFacts = CommittedFacts> {
  at: BlockReference;
  hotkey: string;
  facts: F;
}

interface RevealDeps extends PlaceDeps {
  blocks: Pick<FinalBlocks, 'head' | 'hashOf'>;
  log: Log;
}

/** What was found out about a commit, so that it is not asked for again. */
interface Known {
  /** Newest block in which the commit was seen to wait. */
  there: number;
  /** Where it waits. */
  place?: { item: string; epoch: number };
  /** What has become of it for good. */
  end?: SubmissionFate;
}

/** Commits that are remembered. */
const MOST_KNOWN = 64;
/** Names that runtimes give the event of a timelocked reveal, and that of a reveal by hash. */
const OPENED = new Set(['TimelockedWeightsRevealed', 'CRV3WeightsRevealed']);
const REVEALED = 'WeightsRevealed';

/** Follows committed weights to their reveal. It reads only. */
export class Reveals {
  readonly #known = new Map<string, Known>();

  constructor(private readonly deps: RevealDeps) {}

  /** What has become of weights whose commit has landed. @throws EPOCHS_STOPPED, ANSWER_MALFORMED, what `Link.call` throws */
  async fate(commit: Committed, signal: AbortSignal): Promise<SubmissionFate> {
    const { facts } = commit;
    const known = this.#remembered(commit);
    if (known.end) return known.end;
    const head = await this.deps.blocks.head(signal);
    // A node that is behind the one that has told of the commit can't know what became of it.
    if (head.number <= commit.at.number) return { status: 'committed', at: commit.at, reveal: revealOf(facts) };
    const found =
      facts.kind === 'timelocked'
        ? await this.#timelocked({ ...commit, facts }, known, head, signal)
        : await this.#byHash({ ...commit, facts }, known, head, signal);
    if (found.status === 'committed') known.there = head.number;
    else known.end = found;
    return found;
  }

  #remembered({ at, facts }: Committed): Known {
    const id = `${at.number} ${facts.commitHash}`;
    const known = this.#known.get(id) ?? { there: at.number };
    this.#known.delete(id);
    this.#known.set(id, known);
    for (const old of [...this.#known.keys()].slice(0, -MOST_KNOWN)) this.#known.delete(old);
    return known;
  }

  async #timelocked(
    commit: Committed<TimelockedFacts>,
    known: Known,
    head: BlockReference,
    signal: AbortSignal,
  ): Promise<SubmissionFate> {
    const subnet = await subnetAt(this.deps, head, signal);
    const waiting = await findTimelocked(subnet, commit, known);
    if (!waiting) return this.#afterOpening(commit, known, head, signal);
    const { round } = commit.facts;
    const { state, period } = await readEpochs(subnet, head.number);
    const epoch = waiting.epoch + period;
    const isDue = epochAt(state, head.number) >= epoch;
    const block = isDue ? Math.min(commit.facts.revealBlock, head.number) : firstBlockOf(state, epoch);
    const reveal = { block: asBlockNumber(block), by: 'chain' as const };
    if (!isDue) return { status: 'committed', at: commit.at, reveal };
    const stored = await readStoredRound(subnet);
    const waitsFor =
      stored < round
        ? `round ${round} of drand; the chain has stored up to round ${stored}`
        : `the chain, which has stored round ${round} of drand and opens the weights in its next block`;
    return { status: 'committed', at: commit.at, reveal, waitsFor };
  }

  /** The commit is gone: whether the chain has set the weights, and in which block. */
  async #afterOpening(
    commit: Committed<TimelockedFacts>,
    known: Known,
    head: BlockReference,
    signal: AbortSignal,
  ): Promise<SubmissionFate> {
    const isThere = async (subnet: SubnetState): Promise<boolean> =>
      (await findTimelocked(subnet, commit, known)) !== undefined;
    const found = await this.#goneAt(commit, known, head, isThere, signal);
    const own = found && (await findTimelocked(found.before, commit, known));
    if (!own) return this.#byRow(commit, head, signal);
    const { gone, before, after, events } = found;
    const ofEpoch = async (subnet: SubnetState): Promise<TimelockedCommit[]> =>
      (await timelockedCommits(subnet, own)).filter(({ who, epoch }) => who === own.who && epoch === own.epoch);
    const opened = (await ofEpoch(before)).length - (await ofEpoch(after)).length;
    const told = events.filter((event) => this.#tellsOf(event, commit.hotkey)).length;
    if (told >= opened) return revealed(commit, gone);
    // The events name no commit: with fewer events than commits the row in force has to tell.
    if (told > 0 && (await isRowInForce(after, commit))) return revealed(commit, gone);
    const reason =
      told > 0
        ? `the chain opened ${opened} commits of this validator in block ${gone.number} and has set ${told} of them`
        : await whyNotOpened(before, own, { ...commit, block: gone.number, chain: this.deps.place.chain });
    return { status: 'unrevealed', at: commit.at, reason };
  }

  async #byHash(
    commit: Committed<HashFacts>,
    known: Known,
    head: BlockReference,
    signal: AbortSignal,
  ): Promise<SubmissionFate> {
    const { at, hotkey, facts } = commit;
    const find = async (subnet: SubnetState): Promise<HashCommit | undefined> =>
      (await hashCommits(subnet, hotkey)).find(({ hash }) => hash === facts.commitHash);
    const subnet = await subnetAt(this.deps, head, signal);
    const waiting = await find(subnet);
    if (waiting) {
      const { opens, epoch, current } = await revealWindow(subnet, waiting.since, {
        block: head.number,
        inclusion: head.number + 1,
      });
      const block = asBlockNumber(current < epoch ? opens : Math.min(facts.revealBlock, head.number));
      if (current <= epoch) return { status: 'committed', at, reveal: { block, by: 'validator' } };
      const reason = `they had to be revealed in epoch ${epoch} of the subnet, and it is in epoch ${current}`;
      return { status: 'unrevealed', at, reason };
    }
    const isThere = async (state: SubnetState): Promise<boolean> => (await find(state)) !== undefined;
    const found = await this.#goneAt(commit, known, head, isThere, signal);
    if (!found || !(await find(found.before))) return this.#byRow(commit, head, signal);
    const { gone, events } = found;
    if (events.some(({ name, data }) => name === REVEALED && data.includes(facts.commitHash)))
      return revealed(commit, gone);
    const reason = `block ${gone.number} has dropped the commit: its time was over, or a later one was revealed`;
    return { status: 'unrevealed', at, reason };
  }

  /** The first block without the commit; undefined where the node has discarded what tells. */
  async #goneAt(
    { at, facts }: Committed,
    known: Known,
    head: BlockReference,
    isThere: (subnet: SubnetState) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<Disappearance | undefined> {
    const reference = async (block: number): Promise<BlockReference> => ({
      number: asBlockNumber(block),
      hash: await this.deps.blocks.hashOf(block, signal),
    });
    const subnet = async (block: BlockReference): Promise<SubnetState> => subnetAt(this.deps, block, signal);
    const number = await firstWithout(
      async (block) => {
        // What is discarded is older than what is kept, and the commit was there at first.
        const isHere = await unlessDiscarded(async () => isThere(await subnet(await reference(block))));
        if (isHere === true) known.there = block;
        return isHere ?? true;
      },
      { there: Math.max(at.number, known.there), gone: head.number, guess: facts.revealBlock },
    );
    return unlessDiscarded(async () => {
      const gone = await reference(number);
      const before = await subnet(await reference(number - 1));
      await before.items(['NetworksAdded']);
      return { gone, before, after: await subnet(gone), events: (await blockEvents(gone, this.deps, signal)).events };
    });
  }

  #tellsOf({ pallet, name, data }: BlockEvent, hotkey: string): boolean {
    const { netuid, mechanism } = this.deps.place;
    return (
      pallet === PALLET && OPENED.has(name) && data[0] === storageIndexOf({ netuid, mechanism }) && data[1] === hotkey
    );
  }

  /** Where blocks or their states are discarded, the row on chain is all that is left to tell. */
  async #byRow(commit: Committed, head: BlockReference, signal: AbortSignal): Promise<SubmissionFate> {
    const isInForce = await isRowInForce(await subnetAt(this.deps, head, signal), commit);
    this.deps.log('warn', 'the node has discarded the blocks of a reveal, so that the row on chain decides', {
      committedAt: commit.at.number,
      isInForce,
    });
    if (isInForce) return revealed(commit, head);
    const reason = 'the node has discarded the blocks of the reveal, and the chain holds another row of this validator';
    return { status: 'unrevealed', at: commit.at, reason };
  }
}

/** Around the first block without a commit. */
interface Disappearance {
  gone: BlockReference;
  /** Of the block before. */
  before: SubnetState;
  after: SubnetState;
  events: BlockEvent[];
}

const revealed = ({ at }: Committed, revealedAt: BlockReference): SubmissionFate => ({
  status: 'revealed',
  at,
  revealedAt,
});

async function findTimelocked(
  subnet: SubnetState,
  { at, hotkey, facts }: Committed<TimelockedFacts>,
  known: Known,
): Promise<TimelockedCommit | undefined> {
  const found = (await timelockedCommits(subnet, known.place)).find(
    ({ who, block, hash }) => who === hotkey && hash === facts.commitHash && (block ?? at.number) === at.number,
  );
  if (found) known.place = { item: found.item, epoch: found.epoch };
  return found;
}

async function unlessDiscarded<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isAssayError(error) && error.code === 'STATE_DISCARDED') return undefined;
    throw error;
  }
}
