import type { ApiPromise } from '@polkadot/api';
import type { QueryableStorageEntry } from '@polkadot/api/types';
import type { StorageEntryMetadataLatest } from '@polkadot/types/interfaces';
import type { Codec, Registry } from '@polkadot/types/types';
import { messageOf } from '@assay/core/errors/describe';
import { subtensorErrors } from '../errors.js';
import { Calls } from './calls.js';
import { OfflineProvider } from './offline-provider.js';
import type { RuntimeVersion } from './version.js';

/** A function of a runtime API: types of its arguments and of its answer, as the registry names them. */
interface RuntimeFunction {
  inputs: readonly string[];
  output: string;
}

interface StorageItem {
  entry: QueryableStorageEntry<'promise'>;
  meta: StorageEntryMetadataLatest;
}

/**
 * What one version of the chain's rules looks like: which storage and runtime functions exist, and how they are encoded.
 * All of it comes from the metadata that the chain itself gives; nothing is asked of a node here.
 */
export class Runtime {
  readonly #functions: ReadonlyMap<string, RuntimeFunction>;
  readonly calls: Calls;

  private constructor(
    readonly version: RuntimeVersion,
    private readonly api: ApiPromise,
    private readonly camelCase: (name: string) => string,
  ) {
    this.#functions = functionsOf(api);
    this.calls = new Calls(api, camelCase);
  }

  /**
   * @param genesis hash of block 0
   * @param metadata SCALE bytes of the metadata, version 14 to 16; below 15 it tells of no runtime functions
   * @throws RUNTIME_UNREADABLE
   */
  static async load(genesis: string, version: RuntimeVersion, metadata: Uint8Array): Promise<Runtime> {
    const [{ ApiPromise }, { Metadata, TypeRegistry }, { stringCamelCase }] = await Promise.all([
      import('@polkadot/api'),
      import('@polkadot/types'),
      import('@polkadot/util'),
    ]);
    const provider = new OfflineProvider(genesis, version);
    const hex: `0x${string}` = `0x${Buffer.from(metadata).toString('hex')}`;
    try {
      // ApiPromise prints what it can't decode to the terminal, so that only metadata which decodes is given to it.
      new Metadata(new TypeRegistry(), hex);
      const api = new ApiPromise({
        provider,
        metadata: { [`${genesis}-${version.specVersion}`]: hex },
        noInitWarn: true,
        throwOnConnect: true,
      });
      const ready = api.isReadyOrError;
      provider.begin();
      await ready;
      // From here on it only translates, and its timers end.
      await api.disconnect();
      return new Runtime(version, api, stringCamelCase);
    } catch (error) {
      throw subtensorErrors.RUNTIME_UNREADABLE({ runtime: nameOf(version), reason: messageOf(error) }, error);
    }
  }

  /** For people, e.g. `node-subtensor 424`. */
  get name(): string {
    return nameOf(this.version);
  }

  get registry(): Registry {
    return this.api.registry;
  }

  /** Whether the runtime has this storage item, e.g. `SubtensorModule`, `LastUpdate`. */
  hasStorage(pallet: string, item: string): boolean {
    return this.#find(pallet, item) !== undefined;
  }

  /** Whether the item is one value and no map. */
  isPlain(pallet: string, item: string): boolean {
    return this.#item(pallet, item).meta.type.isPlain;
  }

  /** What a value is made of, in the notation of Rust: `Vec<(u16,u16)>`. */
  valueType(pallet: string, item: string): string {
    const { type } = this.#item(pallet, item).meta;
    return this.registry.lookup.getTypeDef(type.isPlain ? type.asPlain : type.asMap.value).type;
  }

  /** A type of the registry in the notation of Rust, for people. */
  typeText(type: string): string {
    return this.registry.createTypeUnsafe(type, []).toRawType();
  }

  /** Key of a value as 0x and hex; with fewer arguments than the map has keys, what the keys of its part begin with. */
  storageKey(pallet: string, item: string, args: readonly unknown[]): string {
    const { entry, meta } = this.#item(pallet, item);
    const keys = meta.type.isPlain ? 0 : meta.type.asMap.hashers.length;
    return args.length === keys ? entry.key(...args) : entry.keyPrefix(...args);
  }

  /** The last argument of a map's key. @throws an Error when these bytes are no key of it */
  lastArgument(pallet: string, item: string, key: string): Codec {
    const storageKey = this.registry.createType('StorageKey', key);
    storageKey.setMeta(this.#item(pallet, item).meta);
    const last = storageKey.args.at(-1);
    if (!last) throw new Error('the key of a storage map holds no argument');
    return last;
  }

  /** A value out of its bytes; the chain's default where there are none. @throws an Error when these bytes are none */
  storageValue(pallet: string, item: string, value: string | null): Codec {
    const { type, fallback } = this.#item(pallet, item).meta;
    const name = this.registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
    return this.decode(name, value === null ? fallback.toU8a(true) : bytesOf(value));
  }

  /** A value as the chain stores it: 0x and hex. */
  encodeStorage(pallet: string, item: string, value: unknown): string {
    const { type } = this.#item(pallet, item).meta;
    const name = this.registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
    return hexOf(this.registry.createTypeUnsafe(name, [value]));
  }

  /** Whether the runtime has this function, e.g. `SubnetInfoRuntimeApi`, `get_selective_metagraph`. */
  hasFunction(api: string, method: string): boolean {
    return this.#functions.has(`${api}_${method}`);
  }

  /** Arguments of a runtime function as `state_call` takes them: 0x and hex. */
  encodeArguments(api: string, method: string, args: readonly unknown[]): string {
    const { inputs } = this.#function(api, method);
    if (inputs.length !== args.length)
      throw this.#unreadable(`${api}_${method} takes ${inputs.length} arguments, not ${args.length}`);
    const parts = inputs.map((type, index) => this.registry.createTypeUnsafe(type, [args[index]]).toU8a());
    return `0x${Buffer.concat(parts).toString('hex')}`;
  }

  /** What a runtime function has answered. @throws an Error when these bytes are no answer of it */
  decodeAnswer(api: string, method: string, answer: string): Codec {
    return this.decode(this.#function(api, method).output, bytesOf(answer));
  }

  /** An answer of a runtime function as a node gives it: 0x and hex. */
  encodeAnswer(api: string, method: string, answer: unknown): string {
    return hexOf(this.registry.createTypeUnsafe(this.#function(api, method).output, [answer]));
  }

  /** A constant of a pallet; undefined where there is none. */
  constant(pallet: string, name: string): Codec | undefined {
    return this.api.consts[this.camelCase(pallet)]?.[this.camelCase(name)];
  }

  /** Every byte has to belong to the value: more or fewer mean that it is of another type. @throws an Error then */
  decode(type: string, bytes: Uint8Array): Codec {
    const value = this.registry.createTypeUnsafe(type, [bytes]);
    if (value.encodedLength !== bytes.length)
      throw new Error(`${bytes.length} bytes can't be a ${type}, which takes ${value.encodedLength}`);
    return value;
  }

  #find(pallet: string, item: string): StorageItem | undefined {
    const entry = this.api.query[this.camelCase(pallet)]?.[this.camelCase(item)];
    return entry && { entry, meta: entry.creator.meta };
  }

  #item(pallet: string, item: string): StorageItem {
    const found = this.#find(pallet, item);
    if (!found) throw this.#unreadable(`it has no storage ${pallet}.${item}`);
    return found;
  }

  #function(api: string, method: string): RuntimeFunction {
    const found = this.#functions.get(`${api}_${method}`);
    if (!found) throw this.#unreadable(`it has no function ${api}_${method}`);
    return found;
  }

  #unreadable(reason: string): Error {
    return subtensorErrors.RUNTIME_UNREADABLE({ runtime: this.name, reason });
  }
}

const nameOf = ({ specName, specVersion }: RuntimeVersion): string => `${specName} ${specVersion}`;

/** Not `toHex`, which writes numbers in another order of bytes and leaves out the first byte of an Option. */
const hexOf = (value: Codec): string => `0x${Buffer.from(value.toU8a()).toString('hex')}`;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));

/** By API and method, joined as `state_call` wants them. */
function functionsOf({ runtimeMetadata, registry }: ApiPromise): Map<string, RuntimeFunction> {
  const functions = new Map<string, RuntimeFunction>();
  for (const { name, methods } of runtimeMetadata.asLatest.apis)
    for (const method of methods)
      functions.set(`${name.toString()}_${method.name.toString()}`, {
        inputs: method.inputs.map(({ type }) => registry.createLookupType(type)),
        output: registry.createLookupType(method.output),
      });
  return functions;
}
