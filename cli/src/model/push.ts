import type { Container } from 'inversify';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import type { Claim, CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { MODEL_INSPECTOR, type ModelInspector } from '@assay/core/contracts/evaluator';
import { MODEL_PUBLISHER, type ModelPublisher, type RepoId } from '@assay/core/contracts/model-publisher';
import { MODEL_STORE, type ModelStore } from '@assay/core/contracts/model-store';
import { repoName, type ModelReference, type StoredModel } from '@assay/core/contracts/model';
import { toAssayError } from '@assay/core/errors/describe';
import { ModelAcquirer } from '@assay/core/model/acquire';
import { competitionOf } from '../evaluate/competition.js';
import type { Teller } from '../model-command.js';
import { candidateIn, type Candidate } from './candidate.js';
import { claimOf, committedTo, requireFits } from './claims.js';
import { modelCommandErrors } from './errors.js';
import { shareOf } from './progress.js';

export interface PushRequest {
  directory: string;
  repo: RepoId;
  /** Name or number. */
  competition: string;
  /** Whether a new repo stays private until the claim is on chain. */
  privateUntilCommitted: boolean;
  /** Looks at everything and changes nothing. */
  dryRun: boolean;
}

export interface PushDocument {
  repo: string;
  competition: number;
  hotkey: string;
  files: { path: string; size: number; sha256: string; counts: boolean }[];
  checks: { name: string; found: number | string; limit: number | string }[];
  /** What follows is null after a dry run. */
  revision: string | null;
  commitment: string | null;
  /** Block of the commitment. */
  block: number | null;
  /** False: the claim was on chain before. */
  committedNow: boolean;
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
    if (scheme.readFrom !== 'commitments')
      throw modelCommandErrors.PUSH_SCHEME_UNSUPPORTED({ readFrom: scheme.readFrom });
    const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
    const { hotkey } = await chain.identity();
    const { neurons, at, netuid } = await chain.snapshot(signal);
    if (!neurons.some((neuron) => neuron.hotkey === hotkey))
      throw modelCommandErrors.PUSH_HOTKEY_UNREGISTERED({ hotkey, netuid });
    tell.step(`checking ${directory} for ${competition.name}`);
    const by = { competition, scheme, block: at.number };
    const candidate = await candidateIn(container, surroundings, directory, by, signal);
    const claiming = { scheme, hotkey, competition: competition.id };
    requireFits(claimOf({ reference: placeholder(repo), files: candidate.files }, claiming), scheme, repo, chain);
    const publisher = await container.getAsync<ModelPublisher>(MODEL_PUBLISHER);
    const published = await publisher.find(repo, signal);
    const document = { repo: repoName(repo), competition: competition.id, hotkey, ...described(candidate) };
    if (dryRun) {
      tell.step(`${repoName(repo)} at ${publisher.description}: ${published?.visibility ?? 'would be created'}`);
      return { ...document, revision: null, commitment: null, block: null, committedNow: false };
    }
    const reference = await this.#publish(
      candidate,
      { chain, claiming, publisher, isThere: published !== undefined },
      signal,
    );
    const claim = claimOf(await this.#readBack(reference, candidate, scheme, signal), claiming);
    const { block, committedNow } = await this.#commit(claim, scheme, chain, signal);
    await this.#open(publisher, signal);
    return { ...document, revision: reference.revision, commitment: scheme.format(claim), block, committedNow };
  }

  /** The revision that holds the files: the one that a claim on chain names already, or the newest of the repo. */
  async #publish(
    { files, uploads }: Candidate,
    { chain, claiming, publisher, isThere }: Publishing,
    signal: AbortSignal,
  ): Promise<ModelReference> {
    const { repo, privateUntilCommitted } = this.request;
    const { tell, container } = this.deps;
    const claimed = committedTo(repo, files, claiming, await chain.snapshot(signal));
    if (claimed && isThere && (await isListed(container, claimed, signal))) {
      tell.step(`these files are on chain already, at ${claimed.revision}`);
      return claimed;
    }
    if (!isThere) {
      const visibility = privateUntilCommitted ? 'private' : 'public';
      await publisher.create(repo, visibility, signal);
      tell.step(`created ${repoName(repo)} at ${publisher.description}, ${visibility}`);
    }
    tell.step(`uploading ${uploads.length} files to ${repoName(repo)}`);
    const onProgress = (progress: { path: string; done: number; total: number }): void => {
      tell.progress(`uploading ${shareOf(progress)}`);
    };
    const reference = await publisher.upload(repo, uploads, onProgress, signal);
    tell.step(`uploaded: revision ${reference.revision}`);
    return reference;
  }

  /** The files as a validator gets them. @throws READ_BACK_DIFFERS */
  async #readBack(
    reference: ModelReference,
    { files, requireListed }: Candidate,
    scheme: CommitmentScheme,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    const { container, tell } = this.deps;
    tell.step('reading back');
    const store = await container.getAsync<ModelStore>(MODEL_STORE);
    const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
    requireListed({ reference, ...(await store.list(reference, signal)) });
    const acquirer = new ModelAcquirer({}, { store, inspector, scheme });
    const { model } = await acquirer.fetch(
      reference,
      (progress) => {
        tell.progress(`reading back ${shareOf(progress)}`);
      },
      signal,
    );
    const found = new Map(model.files.map(({ path, sha256 }) => [path, sha256]));
    const wanted = new Map(files.map(({ path, sha256 }) => [path, sha256]));
    const differing = [...new Set([...found.keys(), ...wanted.keys()])].filter(
      (path) => found.get(path) !== wanted.get(path),
    );
    if (differing.length === 0) return model;
    // What was fetched is not the model: the next call asks the source again.
    await store.discard(reference);
    throw modelCommandErrors.READ_BACK_DIFFERS({ repo: repoName(reference), paths: differing });
  }

  /** @throws the chain's refusals, CLAIM_READ_BACK_DIFFERS */
  async #commit(
    claim: Claim,
    scheme: CommitmentScheme,
    chain: ChainClient,
    signal: AbortSignal,
  ): Promise<{ block: number; committedNow: boolean }> {
    const { tell } = this.deps;
    const text = scheme.format(claim);
    const { hotkey } = await chain.identity();
    const look = async (): Promise<{ data: string; block: number } | undefined> =>
      (await chain.snapshot(signal)).commitments.find((commitment) => commitment.hotkey === hotkey);
    const before = await look();
    if (before?.data === text) return { block: before.block, committedNow: false };
    tell.step(`committing ${text}`);
    await chain.commit(text, signal);
    const after = await look();
    if (after?.data !== text)
      throw modelCommandErrors.CLAIM_READ_BACK_DIFFERS({ committed: text, found: after?.data ?? 'nothing' });
    tell.step(`committed at block ${after.block}`);
    return { block: after.block, committedNow: true };
  }

  /** Validators can fetch the repo from here on. */
  async #open(publisher: ModelPublisher, signal: AbortSignal): Promise<void> {
    const { repo } = this.request;
    const published = await publisher.find(repo, signal);
    if (published?.visibility !== 'private') return;
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

/** A revision that is as long as the one to come. */
const placeholder = (repo: RepoId): ModelReference => ({ ...repo, revision: '0'.repeat(40) });

/** Whether the store finds the revision. A miner's fault says that it does not; anything else is thrown. */
async function isListed(container: Container, reference: ModelReference, signal: AbortSignal): Promise<boolean> {
  const store = await container.getAsync<ModelStore>(MODEL_STORE);
  try {
    await store.list(reference, signal);
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
