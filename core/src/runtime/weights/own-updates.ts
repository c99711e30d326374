import type { ChainSnapshot, Neuron, SubmissionFate } from '../../contracts/chain-client.js';
import { report, type RuntimeDeps } from '../context.js';
import { runtimeErrors } from '../errors.js';
import type { OwnUpdate } from '../tables.js';
import type { ValidatorState } from '../validator-state.js';
import { put, type Put } from '../derived-rows.js';

type WatchDeps = Pick<RuntimeDeps, 'chain' | 'state' | 'reporter' | 'clock' | 'log'>;

interface WatchOptions {
  hotkey: string;
  /** The operator says that no other validator uses the hotkey. It counts at the start. */
  onlyOne: boolean;
}

/** Blocks of landed submissions that are kept until the chain shows them. */
const KEPT = 32;

/** The row that accounts for something of ours that has landed in a block. */
export function ownLanding(state: ValidatorState, block: number): Put[] {
  const known = state.ownUpdate();
  return known ? [put.ownUpdate({ ...known, ours: [...known.ours, block].slice(-KEPT) })] : [];
}

/**
 * Finds out whether another validator sets weights with our hotkey: the chain's last update of our uid moves to a block in
 * which nothing of ours has landed. While it is so, the row `doppelganger` is there, and no weights are set.
 */
export class OwnUpdates {
  #started = false;

  constructor(
    private readonly options: WatchOptions,
    private readonly deps: WatchDeps,
  ) {}

  /** Compares a snapshot with what is known. While the fate of a submission is unknown, nothing is decided. */
  async look(snapshot: ChainSnapshot, signal: AbortSignal): Promise<void> {
    const { state } = this.deps;
    const own = snapshot.neurons.find(({ hotkey }) => hotkey === this.options.hotkey);
    if (!own || state.weightsIntent()) return;
    const known = this.#knownOf(own);
    if (!known) await this.#beginAgain(own, snapshot);
    else if (isKnown(own, known)) await this.#accept(own);
    else if (await this.#isOurs(own.lastUpdate, signal)) await this.#accept(own);
    else await this.#meet(own, snapshot);
    if (!this.#started) await this.#start(own, snapshot);
    this.#started = true;
  }

  /** What is known of this registration; nothing of an earlier one, or of another hotkey, counts. */
  #knownOf({ uid, registeredAt }: Neuron): OwnUpdate | undefined {
    const known = this.deps.state.ownUpdate();
    const isSame = known?.hotkey === this.options.hotkey && known.uid === uid && known.registeredAt === registeredAt;
    return isSame ? known : undefined;
  }

  async #beginAgain({ uid, registeredAt, lastUpdate }: Neuron, { at }: ChainSnapshot): Promise<void> {
    const { hotkey } = this.options;
    const row = { hotkey, uid, registeredAt, since: at.number, lastUpdate, ours: [] };
    // Another validator was found on the hotkey of its time.
    const isOtherHotkey = (this.deps.state.ownUpdate()?.hotkey ?? hotkey) !== hotkey;
    await this.deps.state.update(() => [put.ownUpdate(row), ...(isOtherHotkey ? [put.doppelganger(undefined)] : [])]);
  }

  async #accept(own: Neuron): Promise<void> {
    const { state } = this.deps;
    if ((this.#knownOf(own)?.lastUpdate ?? own.lastUpdate) >= own.lastUpdate) return;
    await state.update(() => this.#accounted(own));
  }

  #accounted(own: Neuron): Put[] {
    const known = this.#knownOf(own);
    if (!known || known.lastUpdate >= own.lastUpdate) return [];
    const ours = known.ours.filter((block) => block > own.lastUpdate);
    return [put.ownUpdate({ ...known, lastUpdate: own.lastUpdate, ours })];
  }

  /** Asks the chain for the newest submissions: the block of one may have changed since it was written down. */
  async #isOurs(block: number, signal: AbortSignal): Promise<boolean> {
    const { state, chain } = this.deps;
    const last = state.weightsSet();
    for (const { ticket, hotkey = this.options.hotkey } of [...state.weightCommits(), ...(last ? [last] : [])]) {
      if (hotkey !== this.options.hotkey) continue;
      if (ticket !== undefined && blocksOf(await chain.weightsFate(ticket, signal)).includes(block)) return true;
    }
    return false;
  }

  /** An update that nothing of ours explains. One that the first look finds may be over already: `#start` decides. */
  async #meet(own: Neuron, { at }: ChainSnapshot): Promise<void> {
    const { state } = this.deps;
    let expected: number | undefined;
    await state.update(() => {
      const known = this.#knownOf(own);
      if (!known || isKnown(own, known) || state.weightsIntent()) return [];
      expected = newestOf(own, known);
      return [...this.#accounted(own), put.doppelganger({ lastUpdate: own.lastUpdate, expected })];
    });
    if (expected !== undefined && this.#started) this.#tell(own, expected, at.number);
  }

  /** Another validator that has been silent for a tempo when this one starts is taken to be gone. */
  async #start(own: Neuron, { at, parameters }: ChainSnapshot): Promise<void> {
    const { state, log } = this.deps;
    const other = state.doppelganger();
    if (!other) return;
    const silent = at.number - own.lastUpdate;
    if (!this.options.onlyOne && silent < Math.max(1, parameters.tempo)) {
      this.#tell(own, other.expected, at.number);
      return;
    }
    await state.write(put.doppelganger(undefined));
    log('warn', 'weights are set again: another validator used this hotkey and is taken to be gone', {
      lastUpdate: own.lastUpdate,
      silentBlocks: silent,
      toldToBeTheOnlyOne: this.options.onlyOne,
    });
  }

  #tell({ uid, lastUpdate }: Neuron, expected: number, block: number): void {
    const error = runtimeErrors.DOPPELGANGER({ hotkey: this.options.hotkey, uid, lastUpdate, expected });
    this.deps.log('error', error.message, { code: error.code });
    report(this.deps, { event: 'doppelganger', block, uid, lastUpdate, expected, error: error.toReport() });
  }
}

const isKnown = ({ lastUpdate, registeredAt }: Neuron, known: OwnUpdate): boolean =>
  lastUpdate <= known.lastUpdate || lastUpdate === registeredAt || known.ours.includes(lastUpdate);

/** Block of our newest update before this one: a landing that no snapshot has shown counts. */
const newestOf = ({ lastUpdate }: Neuron, known: OwnUpdate): number =>
  Math.max(known.lastUpdate, ...known.ours.filter((block) => block < lastUpdate));

/** Blocks in which something of a submission has landed. */
function blocksOf(fate: SubmissionFate): number[] {
  if (fate.status === 'open' || fate.status === 'lost' || fate.status === 'refused') return [];
  return fate.status === 'revealed' ? [fate.at.number, fate.revealedAt.number] : [fate.at.number];
}
