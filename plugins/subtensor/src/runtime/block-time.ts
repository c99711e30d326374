import { count } from '../read/numbers.js';
import type { Runtime } from './runtime.js';

const DAY_MS = 86_400_000;

/** Milliseconds between two blocks as the runtime says them: Aura's slots. Undefined where it says none that can be. */
export function blockTimeOf(runtime: Pick<Runtime, 'constant'>): number | undefined {
  const { data } = count.safeParse(runtime.constant('Aura', 'SlotDuration')?.toJSON());
  return data !== undefined && data > 0 && data <= DAY_MS ? data : undefined;
}
