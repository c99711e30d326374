/** What a competition has handed out so far: weight by uid, and the hotkeys that have earned it. */
export interface EarnedWeights {
  weights: readonly number[];
  hotkeys: readonly string[];
}

/**
 * A standing as the present owners of the uids have earned it: what another hotkey left behind at a uid is gone. (In
 * the reference the newcomer inherits it.)
 */
export function withoutFormerOwners(
  standing: EarnedWeights,
  neurons: readonly { uid: number; hotkey: string }[],
): { weights: number[]; hotkeys: string[] } {
  const length = Math.max(standing.weights.length, ...neurons.map(({ uid }) => uid + 1));
  const hotkeys = Array.from({ length }, () => '');
  for (const { uid, hotkey } of neurons) hotkeys[uid] = hotkey;
  const weights = hotkeys.map((hotkey, uid) => (standing.hotkeys[uid] === hotkey ? (standing.weights[uid] ?? 0) : 0));
  return { weights, hotkeys };
}
