import { competitionAt } from '../competition/schedule.js';
import { repoName, type ModelReference } from '../contracts/model.js';
import { causeOf, toAssayError } from '../errors/describe.js';
import { storeErrors } from '../model/errors.js';
import { claimIn } from './claims.js';
import { report, type RuntimeDeps } from './context.js';
import { claimThatCounts } from './intake/claim-that-counts.js';
import { withDeadline } from './deadline.js';
import { runtimeErrors } from './errors.js';
import { isAbort } from './supervise.js';

const DEADLINE_MS = 60_000;
const LISTED_AT_ONCE = 8;

/**
 * Compares what the models of all claims in force need with the room that is free, before the first of them is fetched.
 * Repos that cannot be listed now, and those above their competition's limit, do not count.
 */
export async function warnOfShortRoom(deps: RuntimeDeps, signal: AbortSignal): Promise<void> {
  try {
    await withDeadline(
      DEADLINE_MS,
      signal,
      () => runtimeErrors.DEADLINE({ what: 'Adding up the sizes of the models', ms: DEADLINE_MS }),
      (inner) => check(deps, inner),
    );
  } catch (error) {
    if (isAbort(error)) throw error;
    const known = toAssayError(error);
    deps.log('warn', 'the room for models could not be checked', { code: known.code, cause: causeOf(known) });
  }
}

async function check(deps: RuntimeDeps, signal: AbortSignal): Promise<void> {
  const wanted = claimsInForce(deps);
  let needed = 0;
  let models = 0;
  const lines = Array.from({ length: LISTED_AT_ONCE }, async () => {
    for (let claim = wanted.pop(); claim; claim = wanted.pop()) {
      const bytes = await bytesToFetch(deps, claim, signal);
      if (bytes === 0) continue;
      needed += bytes;
      models += 1;
    }
  });
  await Promise.all(lines);
  const { freeBytes } = await deps.store.usage();
  if (needed <= freeBytes) return;
  const error = storeErrors.STORE_SHORT({ models, needed, free: freeBytes });
  deps.log('error', 'the models of this subnet do not fit on the disk', { models, needed, free: freeBytes });
  report(deps, { event: 'warning', error: error.toReport() });
}

interface Wanted {
  reference: ModelReference;
  limit: number;
}

function claimsInForce(deps: RuntimeDeps): Wanted[] {
  const { view, profile, competitions, state } = deps;
  const { number: block } = view.current.at;
  // With a queue these are only its first claims: the others are fetched when their turn is near.
  const texts = view.current.neurons.flatMap((neuron) => claimThatCounts(deps, neuron, block) ?? []);
  const claims = texts.flatMap(({ data, block: committedAt, hotkey }): [string, Wanted][] => {
    const refused = state.model(hotkey);
    if (refused?.error && refused.commitment === data && refused.block === committedAt) return [];
    const claim = claimIn(deps, data, block);
    if (!claim) return [];
    const { reference, competition } = claim;
    const runtime = competitions.at(competition, block);
    if (!runtime || !competitionAt(profile.schedule, competition, committedAt)) return [];
    const limit = runtime.competition.constraints.maxBytes;
    return [[`${repoName(reference)}@${reference.revision}`, { reference, limit }]];
  });
  return [...new Map(claims).values()];
}

async function bytesToFetch(
  { store }: RuntimeDeps,
  { reference, limit }: Wanted,
  signal: AbortSignal,
): Promise<number> {
  try {
    if (await store.stored(reference)) return 0;
    const { totalBytes } = await store.list(reference, signal);
    return totalBytes <= limit ? totalBytes : 0;
  } catch (error) {
    if (signal.aborted) throw error;
    return 0;
  }
}
