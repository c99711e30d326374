import { createHash } from 'node:crypto';
import type { Clock } from '@assay/core/contracts/clock';
import { repoName, type ModelReference, type RepoFile } from '@assay/core/contracts/model';
import type { ByteRange, ModelSource, OpenedFile, RepoListing } from '@assay/core/contracts/model-store';
import { isAssayError } from '@assay/core/errors/assay-error';
import { storeErrors } from '@assay/core/model/errors';
import { headerOf } from '@assay/lib-http';
import { ociErrors } from './errors.js';
import { ACCEPTED, filesOfImage } from './manifest.js';
import { imageAddress, type ImageAddress } from './oci-address.js';
import { refusalOf, type Asked } from './refusal.js';
import { Registry, type RegistryOptions } from './registry.js';

/** As large as registries accept. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

interface OciOptions extends Omit<RegistryOptions, 'registry'> {
  registries: readonly string[];
  /** Whether only what everybody can read counts. */
  public: boolean;
}

/** Models in registries of images: the layers with a title of the image that a digest names. */
export class OciModels implements ModelSource {
  readonly sources = ['oci'];
  readonly #registries: ReadonlyMap<string, Registry>;

  /** @param deps `logins` are `Authorization` headers by registry */
  constructor(
    private readonly options: OciOptions,
    deps: { clock: Clock; logins: ReadonlyMap<string, string> },
  ) {
    const { registries } = options;
    this.#registries = new Map(
      registries.map((registry) => [
        registry,
        new Registry({ ...options, registry }, { clock: deps.clock, login: deps.logins.get(registry) }),
      ]),
    );
  }

  get description(): string {
    return `registries ${this.options.registries.join(', ')}`;
  }

  async requireAnswer(signal: AbortSignal): Promise<void> {
    for (const registry of this.#registries.values()) await registry.requireAnswer(signal);
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    const address = imageAddress(reference);
    const registry = this.#registryOf(address);
    const asked = { what: `the image of ${repoName(reference)}`, repo: repoName(reference), revision: address.digest };
    const body = await this.#manifest(registry, address, asked, signal);
    return filesOfImage(asked.repo, body);
  }

  async open(
    reference: ModelReference,
    file: RepoFile,
    { start, end }: ByteRange,
    signal: AbortSignal,
  ): Promise<OpenedFile> {
    const address = imageAddress(reference);
    const { path, size, sha256 } = file;
    const repo = repoName(reference);
    if (sha256 === undefined) throw storeErrors.FILE_NOT_FOUND({ repo, path });
    const asked = { what: `${path} of ${repo}`, repo, revision: address.digest, path };
    const registry = this.#registryOf(address);
    const blob = `blobs/sha256:${sha256}`;
    try {
      const opened = await registry.open(address.repository, blob, asked.what, { start, end, size }, signal);
      if (opened.kind === 'answer') throw refusalOf(opened, asked);
      return { start: opened.start, version: sha256, bytes: opened.bytes };
    } catch (error) {
      if (isAssayError(error) && error.code === 'SOURCE_ANSWER_INVALID')
        await this.#requireSize(registry, address, file, asked, signal);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#registries.values()].map(async (registry) => registry.close()));
  }

  /** A reference to another host is no request at all. @throws SOURCE_NOT_SERVED */
  #registryOf({ registry }: ImageAddress): Registry {
    const known = this.#registries.get(registry);
    if (known) return known;
    throw storeErrors.SOURCE_NOT_SERVED({
      source: `oci:${registry}`,
      store: 'store',
      sources: this.options.registries.map((host) => `oci:${host}`),
    });
  }

  /** The size in a manifest is the miner's word; that of a blob is the registry's. @throws LAYER_SIZE_WRONG */
  async #requireSize(
    registry: Registry,
    { repository }: ImageAddress,
    { path, size, sha256 = '' }: RepoFile,
    { what, repo }: Asked,
    signal: AbortSignal,
  ): Promise<void> {
    const request = { what, method: 'HEAD' as const, maxBytes: MAX_MANIFEST_BYTES };
    const head = await registry.get(repository, `blobs/sha256:${sha256}`, request, registry.hasLogin, signal);
    const length = headerOf(head.headers, 'content-length');
    if (head.status !== 200 || length === undefined || Number(length) === size) return;
    throw ociErrors.LAYER_SIZE_WRONG({ repo, path, stated: size, actual: Number(length) });
  }

  /** @throws what a refusal stands for, FILE_CONTENT_DIFFERS */
  async #manifest(
    registry: Registry,
    { repository, digest }: ImageAddress,
    asked: Asked,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const path = `manifests/${digest}`;
    const { what } = asked;
    const request = { what, headers: { accept: ACCEPTED }, maxBytes: MAX_MANIFEST_BYTES };
    if (this.options.public && registry.hasLogin) {
      // Registries count manifests that are read, and not whether they are there.
      const head = await registry.get(repository, path, { ...request, method: 'HEAD' }, false, signal);
      // The reason stands in a body, which this answer has none of.
      if (head.status !== 200) await this.#read(registry, repository, path, request, false, asked, signal);
    }
    const body = await this.#read(registry, repository, path, request, registry.hasLogin, asked, signal);
    const received = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    if (received !== digest) throw storeErrors.FILE_CONTENT_DIFFERS({ path, expected: digest, received });
    return body;
  }

  async #read(
    registry: Registry,
    repository: string,
    path: string,
    request: Parameters<Registry['get']>[2],
    withLogin: boolean,
    asked: Asked,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const answer = await registry.get(repository, path, request, withLogin, signal);
    if (answer.status !== 200) throw refusalOf(answer, asked);
    return answer.body;
  }
}
