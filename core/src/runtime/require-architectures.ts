import type { Competition } from '../competition/competition.js';
import type { Evaluator, ModelInspector } from '../contracts/evaluator.js';
import { runtimeErrors } from './errors.js';

/**
 * A model of an architecture that is allowed and that this validator lacks would be refused as the miner's fault.
 * @throws ARCHITECTURES_UNSUPPORTED
 */
export async function requireArchitectures(
  { name, constraints }: Competition,
  parts: { evaluator: Evaluator; inspector: ModelInspector },
  signal: AbortSignal,
): Promise<void> {
  for (const [by, part] of Object.entries(parts)) {
    const supported = await part.architectures?.(signal);
    if (!supported) continue;
    const architectures = constraints.architectures.filter((architecture) => !supported.includes(architecture));
    if (architectures.length > 0)
      throw runtimeErrors.ARCHITECTURES_UNSUPPORTED({ competition: name, architectures, by, supported });
  }
}
