import { listFiles } from '@huggingface/hub';
import { z } from 'zod';
import type { Clock } from '@assay/core/contracts/clock';
import type { Log } from '@assay/core/contracts/logger';
import { repoName, type ModelReference, type RepoFile } from '@assay/core/contracts/model';
import type { ByteRange, ModelSource, OpenedFile, RepoListing } from '@assay/core/contracts/model-store';
import { storeErrors } from '@assay/core/model/errors';
import { parseBounded } from '@assay/lib-hub';
import { HttpClient, headerOf, MIN_BYTES, strongTag, type Answer, type Opened } from '@assay/lib-http';
import { encodedPath, hubRepo } from './hub-address.js';
import { listingOf, MAX_PAGE_BYTES, pagesFetch } from './hub-listing.js';
import { errorOf, namedRefusal, refusalOf, type Asked } from './hub-refusal.js';

const MAX_INFO_BYTES = 1024 * 1024;
/** Where the token may stand, most specific first. */
export const TOKEN_VARIABLES: readonly string[] = ['HF_ACCESS_TOKEN', 'HF_TOKEN'];

/** What decides whether everybody can read a repo. */
const access = z.looseObject({
  private: z.boolean().default(false),
  disabled: z.boolean().default(false),
  gated: z.union([z.boolean(), z.enum(['auto', 'manual'])]).default(false),
});

interface HubOptions {
  /** `https://huggingface.co`, or a mirror. */
  endpoint: string;
  timeoutMs: number;
  requestsInFlight: number;
  requestsPerSecond?: number | undefined;
  /** Also reads what only the owner of the token may see: for a miner who looks at a repo of their own. */
  alsoPrivate?: boolean;
}

interface HubDeps {
  clock: Clock;
  log: Log;
  /** Only raises the hub's limits, but for `alsoPrivate`: what everybody may read decides about a model. */
  token: string | undefined;
}

/** Models of the Hugging Face hub. */
export class HubModels implements ModelSource {
  readonly sources = ['hf'];
  readonly #http: HttpClient;
  #authorization: string | undefined;

  constructor(
    private readonly options: HubOptions,
    private readonly deps: HubDeps,
  ) {
    const { endpoint, timeoutMs, requestsInFlight, requestsPerSecond } = options;
    const limits = { timeoutMs, requestsInFlight, requestsPerSecond };
    this.#authorization = deps.token === undefined ? undefined : `Bearer ${deps.token}`;
    this.#http = new HttpClient({ ...limits, endpoint: new URL(endpoint), minBytes: MIN_BYTES }, deps);
  }

  get description(): string {
    return `the hub ${this.options.endpoint}`;
  }

  /**
   * Asks the hub who the token belongs to; without a token, whether it answers.
   * @throws SOURCE_TOKEN_REFUSED, and with fault `network` when the hub does not answer
   */
  async requireAnswer(signal: AbortSignal): Promise<void> {
    const what = this.description;
    const url = this.#url('api/whoami-v2');
    const answer = await this.#http.get(
      { what, url, authorization: this.#authorization, maxBytes: MAX_INFO_BYTES },
      signal,
    );
    const reason = `status ${answer.status}`;
    const refused = answer.status === 401 && errorOf(answer) !== undefined;
    if (refused && this.#authorization !== undefined)
      throw storeErrors.SOURCE_TOKEN_REFUSED({ source: what, variables: TOKEN_VARIABLES, reason });
    if (answer.status !== 200 && !refused) throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason });
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    const repo = hubRepo(reference);
    const { revision } = reference;
    const asked = { what: `the files of ${repo}`, repo: repoName(reference), revision };
    if (this.options.alsoPrivate !== true) await this.#requirePublic(repo, asked, signal);
    const tree = this.#url(`api/models/${repo}/tree/${revision}`);
    const fetch = pagesFetch(asked.what, async (query) => {
      const url = new URL(tree);
      url.search = query ?? '?recursive=true&expand=false';
      const page = await this.#withToken(async (authorization) =>
        this.#http.get({ what: asked.what, url, authorization, maxBytes: MAX_PAGE_BYTES }, signal),
      );
      if (page.status !== 200) throw refusalOf(page, asked);
      return page;
    });
    const hubUrl = this.options.endpoint.replace(/\/+$/, '');
    const entries = listFiles({ repo: { type: 'model', name: repo }, revision, recursive: true, hubUrl, fetch });
    return listingOf(asked.what, entries);
  }

  async open(
    reference: ModelReference,
    file: RepoFile,
    { start, end }: ByteRange,
    signal: AbortSignal,
  ): Promise<OpenedFile> {
    const repo = hubRepo(reference);
    const { revision } = reference;
    const { path, size } = file;
    const asked = { what: `${path} of ${repo}`, repo: repoName(reference), revision, path };
    const url = this.#url(`${repo}/resolve/${revision}/${encodedPath(path)}`);
    const opened = await this.#withToken(async (authorization) =>
      this.#http.open({ what: asked.what, url, authorization }, { start, end, size }, signal),
    );
    if (opened.kind === 'answer') throw refusalOf(opened, asked);
    await requireListed(asked.what, opened, file);
    const version = linkedTag(opened) ?? strongTag(opened.headers);
    return { start: opened.start, bytes: opened.bytes, ...(version === undefined ? {} : { version }) };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  /** Without a token, so that a model that only this operator may read is not scored. */
  async #requirePublic(repo: string, asked: Asked, signal: AbortSignal): Promise<void> {
    const { what } = asked;
    const url = this.#url(`api/models/${repo}/revision/${asked.revision}`);
    url.search = '?expand[]=private&expand[]=gated&expand[]=disabled';
    const answer = await this.#http.get({ what, url, maxBytes: MAX_INFO_BYTES }, signal);
    if (answer.status === 404 && answer.fromOrigin && !namedRefusal(answer, asked)) {
      // Some mirrors have no descriptions. What everybody can read decides there as well: nothing is asked with the token.
      this.#dropToken('the hub does not say who can read a model');
      return;
    }
    if (answer.status !== 200) throw refusalOf(answer, asked);
    const found = access.safeParse(jsonOf(what, answer));
    if (!found.success) throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: 'it is no description of a model' });
    const reason = [
      ...(found.data.private ? ['it is private'] : []),
      ...(found.data.disabled ? ['the hub has disabled it'] : []),
      ...(found.data.gated === false ? [] : ['whoever reads it has to accept an agreement first']),
    ];
    if (reason.length > 0) throw storeErrors.REPO_NOT_PUBLIC({ repo: asked.repo, reason: reason.join(', ') });
  }

  /** Asks with the token, and without it where it is refused: then the answer that everybody gets decides. */
  async #withToken<T extends Answer | Opened>(ask: (authorization: string | undefined) => Promise<T>): Promise<T> {
    const authorization = this.#authorization;
    const answer = await ask(authorization);
    if (authorization === undefined || !isRefused(answer)) return answer;
    const anonymous = await ask(undefined);
    if (!isRefused(anonymous)) this.#dropToken('the hub refuses it');
    return anonymous;
  }

  #dropToken(reason: string): void {
    if (this.#authorization === undefined) return;
    this.#authorization = undefined;
    this.deps.log('warn', 'models are read without the token from now on', { reason, variables: TOKEN_VARIABLES });
  }

  #url(path: string): URL {
    return new URL(path, this.options.endpoint.replace(/\/*$/, '/'));
  }
}

const linkedTag = ({ originHeaders }: Opened): string | undefined => strongTag(originHeaders, 'x-linked-etag');

const isRefused = (answer: Answer | Opened): boolean =>
  answer.kind === 'answer' && (answer.status === 401 || answer.status === 403);

/**
 * The hub says of a large file again what its list says, before it sends a byte.
 * @throws SOURCE_ANSWER_INVALID, FILE_CONTENT_DIFFERS
 */
async function requireListed(what: string, opened: Opened, { path, size, sha256 }: RepoFile): Promise<void> {
  const stated = headerOf(opened.originHeaders, 'x-linked-size');
  const tag = linkedTag(opened);
  const otherSize = stated !== undefined && Number(stated) !== size;
  const otherContent = sha256 !== undefined && tag !== undefined && /^[0-9a-f]{64}$/.test(tag) && tag !== sha256;
  if (!otherSize && !otherContent) return;
  await opened.bytes.return();
  if (otherSize) throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `${stated} bytes in place of ${size}` });
  throw storeErrors.FILE_CONTENT_DIFFERS({ path, expected: sha256 ?? '', received: tag ?? '' });
}

function jsonOf(what: string, { body }: Answer): unknown {
  try {
    return parseBounded(body);
  } catch (error) {
    throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: 'it is no JSON' }, error);
  }
}
