import type { Neuron } from '../contracts/chain-client.js';
import { repoName, type VerifiedModel } from '../contracts/model.js';
import type { AssayError } from '../errors/assay-error.js';
import { storeErrors } from '../model/errors.js';
import type { PlacedClaim } from './claims.js';
import { report, type RuntimeDeps } from './context.js';
import { withDeadline } from './deadline.js';
import type { Defenders } from './defenders.js';
import { runtimeErrors } from './errors.js';
import { awaitedModels } from './store-cleaning.js';

/** A model that is not here after so long lets others have their turn; what has come of it is kept. */
const TURN_MS = 30 * 60_000;

/** The same for a hotkey whose claims have held up the others for as long as they may. */
const SHORT_TURN_MS = 3 * 60_000;

const tooSlow = (repo: string, turnMs: number): AssayError =>
  storeErrors.SOURCE_UNREACHABLE({
    what: repo,
    reason: `it was not here after ${turnMs / 60_000} minutes; what has come is kept`,
  });

/** Fetches and verifies the model of a claim under the limits of the competition that the miner committed to. */
export async function acquireClaim(
  deps: RuntimeDeps,
  defenders: Defenders,
  neuron: Pick<Neuron, 'uid' | 'hotkey' | 'coldkey'>,
  { reference, proof, competition }: PlacedClaim,
  { isHurried, signal }: { isHurried: boolean; signal: AbortSignal },
): Promise<VerifiedModel> {
  const { store, view, acquirer } = deps;
  const { number: block } = view.current.at;
  const runtime = deps.competitions.at(competition, block);
  if (!runtime) throw runtimeErrors.COMPETITION_MISSING({ id: competition, block });
  const reigning = await defenders.forEntry(runtime, block, signal);
  const { uid, hotkey, coldkey } = neuron;
  const { constraints } = runtime.competition;
  const { vocabularySize } = runtime.tokenizer;
  // What is fetched may need the room of what no one waits for any more, and of nothing else.
  await store.keep(awaitedModels(deps));
  const request = {
    ...{ reference, proof, hotkey },
    checks: runtime.rulesAt(block).entryChecks.map(({ rule }) => rule),
    context: { constraints, vocabularySize, owner: { hotkey, coldkey }, ...reigning },
  };
  const repo = repoName(reference);
  const turnMs = isHurried ? SHORT_TURN_MS : TURN_MS;
  const lease = await store.lease(reference);
  try {
    return await withDeadline(
      turnMs,
      signal,
      () => tooSlow(repo, turnMs),
      (inner) =>
        acquirer.acquire(
          request,
          (progress) => {
            report(deps, { event: 'download-progress', uid, hotkey, repo, ...progress });
          },
          inner,
        ),
    );
  } finally {
    await lease.release();
  }
}
