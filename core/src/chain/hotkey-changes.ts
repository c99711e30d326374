import type { ChainSnapshot, Neuron } from '../contracts/chain-client.js';

/** What has become of one uid between two snapshots. */
export interface HotkeyChange {
  uid: number;
  /**
   * `swapped`: the same registration has another hotkey. `replaced`: it is another registration, possibly of the same
   * hotkey. `registered`: the uid was free. `left`: it is free now.
   */
  change: 'swapped' | 'replaced' | 'registered' | 'left';
  /** null where the uid was free. */
  before: string | null;
  /** null where it is free now. */
  after: string | null;
}

/** In ascending order of uid; uids that are as they were are left out. */
export function hotkeyChanges(
  before: Pick<ChainSnapshot, 'neurons'>,
  after: Pick<ChainSnapshot, 'neurons'>,
): HotkeyChange[] {
  const then = new Map(before.neurons.map((neuron) => [neuron.uid, neuron]));
  const now = new Map(after.neurons.map((neuron) => [neuron.uid, neuron]));
  const uids = [...new Set([...then.keys(), ...now.keys()])].sort((a, b) => a - b);
  return uids.flatMap((uid) => {
    const [old, next] = [then.get(uid), now.get(uid)];
    const change = changeOf(old, next);
    return change ? [{ uid, change, before: old?.hotkey ?? null, after: next?.hotkey ?? null }] : [];
  });
}

function changeOf(old: Neuron | undefined, next: Neuron | undefined): HotkeyChange['change'] | undefined {
  if (!old) return next && 'registered';
  if (!next) return 'left';
  if (old.registeredAt !== next.registeredAt) return 'replaced';
  return old.hotkey === next.hotkey ? undefined : 'swapped';
}
