import { z } from 'zod';
import { monotonicMs, type Clock } from '@assay/core/contracts/clock';
import { storeErrors } from '@assay/core/model/errors';
import {
  headerOf,
  HttpClient,
  MIN_BYTES,
  type Answer,
  type HttpOptions,
  type Opened,
  type Request,
} from '@assay/lib-http';
import { challengeOf, type Challenge } from './challenge.js';
import { ociErrors } from './errors.js';
import { registryUrl } from './oci-address.js';

const MAX_TOKEN_BYTES = 256 * 1024;
/** A token is valid for a minute where its server does not say, and is given up a little early. */
const TOKEN_SECONDS = 60;
const EARLY_SECONDS = 10;
/** Tokens are kept for so many repositories. */
const MOST_TOKENS = 1_000;

const tokenSchema = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
const tokenAnswer = z.object({
  token: tokenSchema.optional(),
  access_token: tokenSchema.optional(),
  expires_in: z.number().nonnegative().optional(),
});

export interface RegistryOptions extends Pick<HttpOptions, 'timeoutMs' | 'requestsInFlight' | 'requestsPerSecond'> {
  registry: string;
  /** Hosts beside the registry's own that may be asked for tokens. */
  tokenServers: readonly string[];
}

/** One registry, and the tokens that it gives. */
export class Registry {
  readonly #url: URL;
  readonly #http: HttpClient;
  /** For everything that may be asked for tokens, by origin. */
  readonly #tokenServers: ReadonlyMap<string, HttpClient>;
  readonly #tokens = new Map<string, { authorization: string; until: number }>();

  /** @param login `Authorization` header of the operator's login */
  constructor(
    private readonly options: RegistryOptions,
    private readonly deps: { clock: Clock; login: string | undefined },
  ) {
    const { timeoutMs, requestsInFlight, requestsPerSecond } = options;
    const limits = { timeoutMs, requestsInFlight, requestsPerSecond, minBytes: MIN_BYTES };
    this.#url = registryUrl(options.registry);
    this.#http = new HttpClient({ ...limits, endpoint: this.#url }, deps);
    const elsewhere = options.tokenServers.map((host) => registryUrl(host));
    this.#tokenServers = new Map([
      ...elsewhere.map((endpoint) => [endpoint.origin, new HttpClient({ ...limits, endpoint }, deps)] as const),
      [this.#url.origin, this.#http],
    ]);
  }

  get hasLogin(): boolean {
    return this.deps.login !== undefined;
  }

  /** @throws with fault `network` when this is no registry that answers */
  async requireAnswer(signal: AbortSignal): Promise<void> {
    const what = `the registry ${this.options.registry}`;
    const { status } = await this.#http.get(
      { what, url: new URL('v2/', this.#url), maxBytes: MAX_TOKEN_BYTES },
      signal,
    );
    if (status !== 200 && status !== 401) throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `status ${status}` });
  }

  /**
   * @param path below `v2/REPOSITORY/`
   * @param withLogin asks with the operator's login; as everybody can ask when false
   */
  async get(
    repository: string,
    path: string,
    request: Omit<Request, 'url' | 'authorization'> & { maxBytes: number },
    withLogin: boolean,
    signal: AbortSignal,
  ): Promise<Answer> {
    const url = new URL(`v2/${repository}/${path}`, this.#url);
    return this.#authorized(repository, request.what, withLogin, signal, (authorization) =>
      this.#http.get({ ...request, url, authorization }, signal),
    );
  }

  async open(
    repository: string,
    path: string,
    what: string,
    part: { start: number; end: number; size: number },
    signal: AbortSignal,
  ): Promise<Opened | Answer> {
    const url = new URL(`v2/${repository}/${path}`, this.#url);
    return this.#authorized<Opened | Answer>(repository, what, this.hasLogin, signal, (authorization) =>
      this.#http.open({ what, url, authorization }, part, signal),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tokenServers.values()].map(async (http) => http.close()));
  }

  /** Asks with a token that is known, and once more with a new one where the registry asks for it. */
  async #authorized<T extends Opened | Answer>(
    repository: string,
    what: string,
    withLogin: boolean,
    signal: AbortSignal,
    ask: (authorization: string | undefined) => Promise<T>,
  ): Promise<T | Answer> {
    const key = `${repository} ${String(withLogin)}`;
    const known = this.#tokens.get(key);
    const valid = known !== undefined && known.until > monotonicMs(this.deps.clock);
    const answer = await ask(valid ? known.authorization : undefined);
    if (answer.kind !== 'answer' || answer.status !== 401 || !answer.fromOrigin) return answer;
    const challenge = challengeOf(headerOf(answer.headers, 'www-authenticate'));
    if (!challenge) return answer;
    if (challenge.scheme === 'basic') return ask(this.#requireLogin('it has no tokens for everybody', withLogin));
    const given = await this.#token(challenge, repository, what, withLogin, signal);
    if (given.kind === 'answer') return given;
    if (this.#tokens.size >= MOST_TOKENS) this.#tokens.clear();
    this.#tokens.set(key, given);
    return ask(given.authorization);
  }

  /** @throws REGISTRY_LOGIN_MISSING */
  #requireLogin(reason: string, withLogin: boolean): string {
    const { login } = this.deps;
    if (login !== undefined && withLogin) return login;
    throw ociErrors.REGISTRY_LOGIN_MISSING({ registry: this.options.registry, reason });
  }

  /** A token to pull from this repository, whatever the challenge says that it is for; or the refusal of the token server. */
  async #token(
    { realm, service }: Extract<Challenge, { scheme: 'bearer' }>,
    repository: string,
    what: string,
    withLogin: boolean,
    signal: AbortSignal,
  ): Promise<{ kind: 'token'; authorization: string; until: number } | Answer> {
    const { url, http } = this.#tokenServer(realm, what);
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${repository}:pull`);
    const authorization = withLogin ? this.deps.login : undefined;
    const asked = monotonicMs(this.deps.clock);
    const answer = await http.get(
      { what: `a token for ${what}`, url, authorization, maxBytes: MAX_TOKEN_BYTES },
      signal,
    );
    if (answer.status !== 200) {
      if (authorization === undefined) return answer;
      const reason = `its token server answers ${answer.status} to the login`;
      throw ociErrors.REGISTRY_LOGIN_MISSING({ registry: this.options.registry, reason });
    }
    const { token, access_token: other, expires_in: seconds = TOKEN_SECONDS } = this.#tokenIn(answer, what);
    const until = asked + Math.max(0, seconds - EARLY_SECONDS) * 1000;
    return { kind: 'token', authorization: `Bearer ${token ?? other ?? ''}`, until };
  }

  /** @throws TOKEN_SERVER_NOT_LISTED, SOURCE_ANSWER_INVALID */
  #tokenServer(realm: string, what: string): { url: URL; http: HttpClient } {
    if (!URL.canParse(realm))
      throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: 'its token server has no address' });
    const url = new URL(realm);
    const http = this.#tokenServers.get(url.origin);
    if (http) return { url, http };
    throw ociErrors.TOKEN_SERVER_NOT_LISTED({ registry: this.options.registry, server: url.origin });
  }

  #tokenIn({ body }: Answer, what: string): z.infer<typeof tokenAnswer> {
    try {
      const answer = tokenAnswer.parse(JSON.parse(body.toString('utf8')));
      if (answer.token !== undefined || answer.access_token !== undefined) return answer;
    } catch {
      // Named below: the parser's own words may repeat the token.
    }
    throw storeErrors.SOURCE_ANSWER_INVALID({ what: `a token for ${what}`, reason: 'there is no token in it' });
  }
}
