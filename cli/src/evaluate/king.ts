import type { Container } from 'inversify';
import { claimTextOf } from '@assay/core/chain/claim-texts';
import type { SubnetProfile } from '@assay/core/competition/profile';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import { ROUND_JOURNAL, type RoundJournal } from '@assay/core/contracts/round-journal';
import type { ModelReference } from '@assay/core/contracts/model';
import { defendersBefore } from '@assay/core/judging/defenders';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import type { DrawnCompetition } from './competition.js';
import { evaluateErrors } from './errors.js';
import { locateModel, type ModelLocation } from './find-model.js';

interface Asked {
  drawn: DrawnCompetition;
  scheme: CommitmentScheme;
  profile: SubnetProfile;
}

const UID = /^\d{1,5}$/;

/** Whether rounds of a competition are played against a model that reigns. */
export const hasKing = ({ runtime, block }: Pick<DrawnCompetition, 'runtime' | 'block'>): boolean =>
  runtime.rulesAt(block ?? 0).standing.rule.defenders !== undefined;

/**
 * The model that a challenger is played against.
 * @param given `king` for the one that reigns, the uid of who claims it, a folder, or a repo at a revision
 * @throws KING_UNKNOWN, CLAIM_MISSING, MODEL_FOLDER_MISSING, MODEL_REVISION_MISSING, what the scheme says of a claim
 */
export async function locateKing(
  container: Container,
  given: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<ModelLocation> {
  if (given === 'king') return { reference: await reigning(container, asked.drawn) };
  if (UID.test(given)) return { reference: await claimedBy(container, Number(given), asked, signal) };
  return locateModel(given);
}

/** By the journal of this data folder, or before its first round by the subnet's profile. */
async function reigning(container: Container, drawn: DrawnCompetition): Promise<ModelReference> {
  const journal = await container.getAsync<RoundJournal>(ROUND_JOURNAL).catch(() => undefined);
  const { runtime, block = 0 } = drawn;
  const { competition } = runtime;
  const stored = journal && new ValidatorState(journal).standing(competition.id);
  const [king] = hasKing(drawn) ? defendersBefore(runtime.rulesAt(block).standing, stored ?? null) : [];
  if (king) return king.reference;
  throw evaluateErrors.KING_UNKNOWN({ competition: competition.name });
}

async function claimedBy(
  container: Container,
  uid: number,
  { scheme, profile: { netuid } }: Asked,
  signal: AbortSignal,
): Promise<ModelReference> {
  const snapshot = await (await container.getAsync<ChainClient>(CHAIN_CLIENT)).snapshot(signal);
  const hotkey = snapshot.neurons.find((neuron) => neuron.uid === uid)?.hotkey;
  const claim = hotkey === undefined ? undefined : claimTextOf(snapshot, scheme, hotkey);
  if (!claim) throw evaluateErrors.CLAIM_MISSING({ uid, netuid });
  return scheme.parse(claim.data).reference;
}
