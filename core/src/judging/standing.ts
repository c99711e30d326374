import type { Neuron } from '../contracts/chain-client.js';
import type { Standing } from './tables.js';

/**
 * A standing as the present owners of the uids have earned it: what another hotkey left behind at a uid is gone. (In
 * the reference the newcomer inherits it.)
 */
export function withoutFormerOwners(standing: Standing, neurons: readonly Neuron[]): Standing {
  const length = Math.max(standing.weights.length, ...neurons.map(({ uid }) => uid + 1));
  const hotkeys = Array.from({ length }, () => '');
  for (const { uid, hotkey } of neurons) hotkeys[uid] = hotkey;
  const weights = hotkeys.map((hotkey, uid) => (standing.hotkeys[uid] === hotkey ? (standing.weights[uid] ?? 0) : 0));
  return { weights, hotkeys };
}
