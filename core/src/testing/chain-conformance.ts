import type { ChainClient } from '../contracts/chain-client.js';
import { runChecks, type Checks, type CheckResult } from './checks.js';
import { BLOCK_CHECKS } from './chain/blocks.js';
import { CALL_CHECKS } from './chain/calls.js';
import { COMMITMENT_CHECKS } from './chain/commitments.js';
import { COMMITTED_CHECKS } from './chain/committed.js';
import { NEURON_CHECKS } from './chain/neurons.js';
import { TIMELOCK_CHECKS } from './chain/timelocks.js';
import { WEIGHT_CHECKS } from './chain/weights.js';
import { ChainSubject, type ChainFactory, type ChainWorld } from './chain/world.js';

export type { ChainFactory, ChainRequest, ChainWorld, Place } from './chain/world.js';

/** What every client is held to, whatever chain it reads. */
export const CHAIN_CHECKS = {
  ...BLOCK_CHECKS,
  ...NEURON_CHECKS,
  ...COMMITMENT_CHECKS,
  ...WEIGHT_CHECKS,
  ...COMMITTED_CHECKS,
  ...TIMELOCK_CHECKS,
  ...CALL_CHECKS,
} as const;

interface ChainCheckOptions {
  signal?: AbortSignal;
  /** Names of the checks to be made; all of them when left out. */
  only?: readonly string[];
  /** Told before each check. */
  onCheck?: (subject: string, check: string) => void;
  /** Milliseconds for one check; 20,000 when left out. A chain with slow blocks needs more. */
  deadlineMs?: number;
}

/**
 * Holds a client to the contract of `ChainClient`. Nothing is thrown: a check that fails says why, and one that can't be made
 * with this world says what it lacks.
 * @param client a function that opens clients for different hotkeys and modes. A single client acts for a validator and is
 *   left open; checks that need others are skipped.
 */
export async function checkChain(
  client: ChainFactory | ChainClient,
  world: ChainWorld = {},
  options: ChainCheckOptions = {},
): Promise<CheckResult[]> {
  const { signal = new AbortController().signal, only, onCheck, deadlineMs } = options;
  const isFactory = typeof client === 'function';
  const factory: ChainFactory = isFactory
    ? client
    : ({ as, mode }) => Promise.resolve(as === 'validator' && mode === 'validate' ? client : undefined);
  const subject = new ChainSubject(factory, world, signal, isFactory);
  const chosen = Object.entries(CHAIN_CHECKS).filter(([name]) => only === undefined || only.includes(name));
  const checks: Checks = Object.fromEntries(
    chosen.map(([name, check]) => [
      name,
      () => {
        signal.throwIfAborted();
        return check(subject);
      },
    ]),
  );
  return runChecks('chain', checks, onCheck, deadlineMs);
}
