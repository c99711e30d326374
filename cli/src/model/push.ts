import type { Container } from 'inversify';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { MODEL_PUBLISHER, type ModelPublisher, type RepoId } from '@assay/core/contracts/model-publisher';
import type { FetchProgress, ModelSource } from '@assay/core/contracts/model-store';
import { repoName, type ModelReference } from '@assay/core/contracts/model';
import { toAssayError } from '@assay/core/errors/describe';
import { competitionOf } from '../evaluate/competition.js';
import type { Teller } from '../model-command.js';
import { candidateIn, type Candidate } from './candidate.js';
import { claimOf, committedTo, requireFits } from './claims.js';
import { claimLimit, commitClaim, requireFreeSlot, type Committed } from './commit-claim.js';
import { modelCommandErrors } from './errors.js';
import { readBack } from './read-back.js';
import { bytesText, fetchedText } from '../report/quantities.js';
import { untilAborted } from '@assay/core/runtime/until-aborted';

interface PushRequest {
  directory: string;
  repo: RepoId;
  /** Name or number. */
  competition: string;
  /** Whether a new repo stays private until the claim is on chain. */
  privateUntilCommitted: boolean;
  /** Looks at everything and changes nothing. */
  dryRun: boolean;
  revealAfter: number | undefined;
  replaceTimelocked: boolean;
}

export interface PushDocument extends Committed {
  repo: string;
  competition: number;
  hotkey: string;
  files: { path: string; size: number; sha256: string; counts: boolean }[];
  checks: { name: string; found: number | string; limit: number | string }[];
  /** Null after a dry run, as what is committed. */
  revision: string | null;
  commitment: string | null;
}

/**
 * Publishes a model and claims it on chain. Each step looks at the world first, so that a call after an interruption goes
 * on where the last one ended: nothing is sent twice, and a claim that stands is not committed again.
 */
export class Push {
  constructor(
    private readonly request: PushRequest,
    private readonly deps: { container: Container; surroundings: Surroundings; tell: Teller },
  ) {}

  async run(signal: AbortSignal): Promise<PushDocument> {
    const { container, surroundings, tell } = this.deps;
    const { repo, directory, dryRun } = this.request;
    const competition = competitionOf(surroundings, this.request.competition);
    const scheme = surroundings.registry.rules.bind('commitmentSchemes', surroundings.profile.commitment).rule;
    const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
    const { hotkey } = await untilAborted(chain.identity(), signal);
    const { revealAfter, replaceTimelocked } = this.request;
    const committing = { chain, scheme, hotkey, revealAfter, replaceTimelocked, tell };
    const limit = claimLimit(committing);
    const snapshot = await chain.snapshot(signal);
    const { neurons, at, netuid } = snapshot;
    if (!neurons.some((neuron) => neuron.hotkey === hotkey))
      throw modelCommandErrors.PUSH_HOTKEY_UNREGISTERED({ hotkey, netuid });
    requireFreeSlot(snapshot, committing);
    tell.step(`checking ${directory} for ${competition.name}`);
    const by = { competition, scheme, block: at.number };
    const candidate = await candidateIn(container, surroundings, directory, by, signal);
    const claiming = { scheme, hotkey, competition: competition.id };
    requireFits(claimOf({ reference: placeholder(repo), files: candidate.files }, claiming), claiming, repo, limit);
    const publisher = await container.getAsync<ModelPublisher>(MODEL_PUBLISHER);
    const published = await publisher.find(repo, signal);
    const document = { repo: repoName(repo), competition: competition.id, hotkey, ...described(candidate) };
    if (dryRun) {
      tell.step(`${repoName(repo)} at ${publisher.description}: ${published?.visibility ?? 'would be created'}`);
      return { ...document, revision: null, commitment: null, block: null, opens: null, committedNow: false };
    }
    const reference = await this.#publish(
      candidate,
      { chain, claiming, publisher, isThere: published !== undefined },
      signal,
    );
    const model = await readBack(reference, candidate, publisher, { ...this.deps, scheme }, signal);
    const claim = claimOf(model, claiming);
    const committed = await commitClaim(claim, committing, signal);
    await this.#open(publisher, committed, signal);
    return { ...document, revision: reference.revision, commitment: scheme.format(claim, hotkey), ...committed };
  }

  /** The revision that holds the files: the one that a claim on chain names already, or the newest of the repo. */
  async #publish(
    { files, uploads }: Candidate,
    { chain, claiming, publisher, isThere }: Publishing,
    signal: AbortSignal,
  ): Promise<ModelReference> {
    const { repo, privateUntilCommitted } = this.request;
    const { tell } = this.deps;
    const claimed = committedTo(repo, files, claiming, await chain.snapshot(signal));
    if (claimed && isThere && (await isListed(publisher.source, claimed, signal))) {
      tell.step(`these files are on chain already, at ${claimed.revision}`);
      return claimed;
    }
    if (!isThere) {
      const visibility = privateUntilCommitted ? 'private' : 'public';
      await publisher.create(repo, visibility, signal);
      tell.step(`created ${repoName(repo)} at ${publisher.description}, ${visibility}`);
    }
    const bytes = uploads.reduce((sum, { size }) => sum + size, 0);
    tell.step(`uploading ${uploads.length} files, ${bytesText(bytes)}, to ${repoName(repo)}`);
    const onProgress = withRate((progress) => {
      tell.progress(`uploading ${fetchedText(progress)}`);
    });
    const reference = await publisher.upload(repo, uploads, onProgress, signal);
    tell.step(`uploaded: revision ${reference.revision}`);
    return reference;
  }

  /**
   * Validators can fetch the repo from here on. A private repo stays private while the claim is encrypted: another miner who
   * saw the model could claim it in a commitment that opens earlier.
   */
  async #open(publisher: ModelPublisher, { block, opens }: Committed, signal: AbortSignal): Promise<void> {
    const { repo } = this.request;
    const published = await publisher.find(repo, signal);
    if (published?.visibility !== 'private') return;
    if (block === null) {
      const when = opens === null ? 'once the claim has opened' : `from block ${opens} on`;
      this.deps.tell.step(`${repoName(repo)} stays private: run the same command again ${when} to make it public`);
      return;
    }
    await publisher.setVisibility(repo, 'public', signal);
    this.deps.tell.step(`${repoName(repo)} is public now`);
  }
}

interface Publishing {
  chain: ChainClient;
  claiming: { scheme: CommitmentScheme; hotkey: string; competition: number };
  publisher: ModelPublisher;
  isThere: boolean;
}

/** Progress with the mean rate since the start. */
function withRate(show: (progress: FetchProgress) => void): (progress: FetchProgress) => void {
  const began = performance.now();
  return (progress) => {
    const bytesPerSecond = (1000 * progress.done) / Math.max(1, performance.now() - began);
    const remainingMs = (1000 * (progress.total - progress.done)) / Math.max(1, bytesPerSecond);
    show({ ...progress, bytesPerSecond, remainingMs });
  };
}

/** A revision that is as long as the one to come. */
const placeholder = (repo: RepoId): ModelReference => ({ ...repo, revision: '0'.repeat(40) });

/** Whether the source has the revision. A miner's fault says that it does not; anything else is thrown. */
async function isListed(source: ModelSource, reference: ModelReference, signal: AbortSignal): Promise<boolean> {
  try {
    await source.list(reference, signal);
    return true;
  } catch (error) {
    if (toAssayError(error).fault !== 'miner') throw error;
    return false;
  }
}

function described({ uploads, files, checks }: Candidate): Pick<PushDocument, 'files' | 'checks'> {
  const counted = new Set(files.map(({ path }) => path));
  return {
    files: uploads.map(({ path, size, sha256 }) => ({ path, size, sha256, counts: counted.has(path) })),
    checks: checks.map(({ name, found, limit }) => ({ name, found, limit })),
  };
}
