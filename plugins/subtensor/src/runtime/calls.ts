import type { ApiPromise } from '@polkadot/api';
import type { SubmittableExtrinsicFunction } from '@polkadot/api/types';

/** Data that a signed extrinsic carries beside its call, as the metadata names it. */
export interface SignedExtension {
  name: string;
  /** Type of what stands in the extrinsic. */
  extra: string;
  /** Type of what is only signed. */
  implicit: string;
}

/** An error of a pallet by the runtime's own words. */
export interface NamedError {
  pallet: string;
  name: string;
  /** The runtime's documentation of it, in one line. */
  docs: string;
}

/** The calls and errors of one version of the chain's rules, and what has to be signed with a call. */
export class Calls {
  constructor(
    private readonly api: ApiPromise,
    private readonly camelCase: (name: string) => string,
  ) {}

  /** Whether the runtime has this call, e.g. `SubtensorModule`, `set_weights`. */
  has(pallet: string, call: string): boolean {
    return this.#find(pallet, call) !== undefined;
  }

  /** Names of a call's arguments in their order and in camel case; undefined where there is no such call. */
  argumentNames(pallet: string, call: string): readonly string[] | undefined {
    return this.#find(pallet, call)?.meta.args.map(({ name }) => name.toString());
  }

  /** SCALE bytes of a call. @throws an Error when there is no such call, or the arguments do not fit its types */
  encode(pallet: string, call: string, args: readonly unknown[]): Uint8Array {
    const make = this.#find(pallet, call);
    if (!make) throw new Error(`it has no call ${pallet}.${call}`);
    const { method } = make(...args);
    const fields = method.meta.fields.length;
    if (fields !== args.length) throw new Error(`${pallet}.${call} takes ${fields} arguments, not ${args.length}`);
    return method.toU8a();
  }

  /** Whether the runtime takes extrinsics of this format version. */
  takesFormat(version: number): boolean {
    const { versions } = this.api.runtimeMetadata.asLatest.extrinsic;
    return [...versions.toU8a(true)].includes(version);
  }

  /** In the order in which they are signed. */
  get extensions(): SignedExtension[] {
    const { runtimeMetadata: metadata, registry } = this.api;
    const typed = (type: Parameters<typeof registry.createLookupType>[0]): string => registry.createLookupType(type);
    // The translation of an older version into the latest loses the types of what is only signed.
    if (metadata.version === 14 || metadata.version === 15) {
      const { signedExtensions } = metadata.version === 14 ? metadata.asV14.extrinsic : metadata.asV15.extrinsic;
      return signedExtensions.map(({ identifier, type, additionalSigned }) => ({
        name: identifier.toString(),
        extra: typed(type),
        implicit: typed(additionalSigned),
      }));
    }
    return metadata.asLatest.extrinsic.transactionExtensions.map(({ identifier, type, implicit }) => ({
      name: identifier.toString(),
      extra: typed(type),
      implicit: typed(implicit),
    }));
  }

  /** A pallet's error by the numbers of a dispatch error; undefined where this runtime has no such error. */
  moduleError(pallet: number, error: number): NamedError | undefined {
    try {
      const { section, name, docs } = this.api.registry.findMetaError(Uint8Array.of(pallet, error));
      return { pallet: section, name, docs: docs.join(' ').trim() };
    } catch {
      return undefined;
    }
  }

  /** A pallet's error by its name; undefined where no pallet of this runtime has it. */
  errorNamed(name: string): NamedError | undefined {
    for (const [pallet, errors] of Object.entries(this.api.errors)) {
      const found = errors[name];
      if (found) return { pallet, name, docs: found.meta.docs.map(String).join(' ').trim() };
    }
    return undefined;
  }

  /** An event by the number of its pallet and its own; the numbers where this runtime does not name it. */
  eventNamed(pallet: number, event: number): { pallet: string; name: string } {
    const found = this.api.runtimeMetadata.asLatest.pallets.find(({ index }) => index.toNumber() === pallet);
    const variants = found?.events.isSome
      ? this.api.registry.lookup.getSiType(found.events.unwrap().type).def.asVariant.variants
      : [];
    const variant = [...variants].find(({ index }) => index.toNumber() === event);
    return { pallet: found?.name.toString() ?? String(pallet), name: variant?.name.toString() ?? String(event) };
  }

  #find(pallet: string, call: string): SubmittableExtrinsicFunction<'promise'> | undefined {
    return this.api.tx[this.camelCase(pallet)]?.[this.camelCase(call)];
  }
}
