import { basename, resolve } from 'node:path';
import type { Container } from 'inversify';
import { claimTextOf } from '@assay/core/chain/claim-texts';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { MODEL_INSPECTOR, type ModelInspector } from '@assay/core/contracts/evaluator';
import { repoName, type ModelReference } from '@assay/core/contracts/model';
import { ROUND_JOURNAL, type RoundJournal } from '@assay/core/contracts/round-journal';
import { ModelAcquirer } from '@assay/core/model/acquire';
import { verificationErrors } from '@assay/core/model/errors';
import { newestWin } from '../evaluate/best-known.js';
import { competitionOf } from '../evaluate/competition.js';
import { leasedStore, locateRepo } from '../evaluate/find-model.js';
import type { Teller } from '../model-command.js';
import { modelCommandErrors } from './errors.js';
import { requireEmpty, writeModel } from './write-model.js';
import { fetchedText } from '../report/quantities.js';

interface PullRequest {
  /** A uid, `best`, or NAMESPACE/NAME@REVISION. */
  model: string;
  /** Folder; named after the repo when left out. */
  to?: string | undefined;
  /** Name or number; the newest round of any competition when left out. */
  competition?: string | undefined;
}

interface PullDocument {
  folder: string;
  repo: string;
  revision: string;
  /** Whose claim it is; null for a repo that was named. */
  hotkey: string | null;
  files: { path: string; size: number; sha256: string }[];
}

/** A model, and what the claim to it binds. */
interface Wanted {
  reference: ModelReference;
  owner?: { hotkey: string; proof: string };
}

/** Fetches a model as a validator does, and copies it out of the store. */
export async function pull(
  { container, surroundings, tell }: { container: Container; surroundings: Surroundings; tell: Teller },
  { model: wanted, to, competition }: PullRequest,
  signal: AbortSignal,
): Promise<PullDocument> {
  const scheme = surroundings.registry.rules.bind('commitmentSchemes', surroundings.profile.commitment).rule;
  const id = competition === undefined ? undefined : competitionOf(surroundings, competition).id;
  const { reference, owner } = await find(container, wanted, scheme, id, signal);
  const folder = resolve(to ?? basename(reference.name));
  await requireEmpty(folder);
  tell.step(`fetching ${repoName(reference)}@${reference.revision}`);
  const store = await leasedStore(container, reference);
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const { model } = await new ModelAcquirer({}, { store, inspector, scheme }).fetch(
    reference,
    (progress) => {
      tell.progress(`fetching ${fetchedText(progress)}`);
    },
    signal,
  );
  if (owner && scheme.proofOf(model, owner.hotkey) !== owner.proof) throw verificationErrors.HASH_MISMATCH({});
  await writeModel(model, folder, signal);
  return {
    folder,
    repo: repoName(reference),
    revision: reference.revision,
    hotkey: owner?.hotkey ?? null,
    files: model.files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
  };
}

async function find(
  container: Container,
  wanted: string,
  scheme: CommitmentScheme,
  competition: number | undefined,
  signal: AbortSignal,
): Promise<Wanted> {
  if (wanted === 'best') return bestOf(container, scheme, competition);
  if (/^\d{1,5}$/.test(wanted)) return claimedBy(container, scheme, Number(wanted), signal);
  return { reference: locateRepo(wanted) };
}

/** @throws PULL_NOTHING, what the scheme's parser refuses */
async function claimedBy(
  container: Container,
  scheme: CommitmentScheme,
  uid: number,
  signal: AbortSignal,
): Promise<Wanted> {
  const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
  const snapshot = await chain.snapshot(signal);
  const nothing = (reason: string): Error => modelCommandErrors.PULL_NOTHING({ wanted: `uid ${uid}`, reason });
  const hotkey = snapshot.neurons.find((neuron) => neuron.uid === uid)?.hotkey;
  if (hotkey === undefined) throw nothing('there is no such neuron');
  const commitment = claimTextOf(snapshot, scheme, hotkey);
  if (!commitment) throw nothing('its hotkey has committed nothing');
  const { reference, proof } = scheme.parse(commitment.data);
  return { reference, owner: { hotkey, proof } };
}

/**
 * The winner of the newest recorded round, by the claim that it played under; a model that defended its place may have none.
 * @throws PULL_NOTHING
 */
async function bestOf(
  container: Container,
  scheme: CommitmentScheme,
  competition: number | undefined,
): Promise<Wanted> {
  const journal = await container.getAsync<RoundJournal>(ROUND_JOURNAL);
  const win = newestWin(journal, (entry) => competition === undefined || entry.competition.id === competition);
  const contender = win?.entry.contenders.find(({ uid }) => uid === win.winner.uid);
  if (!contender)
    throw modelCommandErrors.PULL_NOTHING({ wanted: 'the best', reason: 'the journal has no round with a winner' });
  const { hotkey, commitment, reference } = contender;
  return commitment === '' ? { reference } : { reference, owner: { hotkey, proof: scheme.parse(commitment).proof } };
}
