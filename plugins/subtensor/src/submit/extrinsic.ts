import type { BlockReference } from '@assay/core/contracts/chain-client';
import { messageOf } from '@assay/core/errors/describe';
import type { Signer } from '@assay/lib-bittensor-wallet';
import { bytesOf } from '../rpc/hex.js';
import type { SignedExtension } from '../runtime/calls.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Draft } from './draft.js';
import { submitErrors } from './errors.js';

/** Blocks in which an extrinsic can land. A power of two, as the encoding of eras wants. */
export const ERA_BLOCKS = 32;
/** Format version of the extrinsics that are made here. */
const FORMAT = 4;
/** First byte of a signed extrinsic: its highest bit says that it is signed. */
const SIGNED = 0x80;
/** Longer payloads are signed by their hash. */
const LONGEST_PAYLOAD = 256;
/** Variant `Id` of MultiAddress, and variant `Sr25519` of MultiSignature. */
const ADDRESS_ID = 0;
const SIGNATURE_SR25519 = 1;

/** What an extrinsic is made from. */
interface Origin {
  genesis: string;
  /** The finalized block at which its era begins. */
  at: BlockReference;
  nonce: number;
}

interface SignedExtrinsic {
  /** 0x and hex, as `author_submitExtrinsic` takes it. */
  bytes: string;
  hash: string;
  /** Block at which its era begins. No block up to this one can hold it. */
  birth: number;
  /** First block that can no longer hold it. */
  death: number;
}

/**
 * Signs one call by the runtime's own metadata.
 * @throws EXTENSION_UNKNOWN, CALL_UNKNOWN, what `Signer.sign` throws
 */
export async function signExtrinsic(
  { pallet, call, args, purpose }: Draft,
  { genesis, at, nonce }: Origin,
  { runtime, signer }: { runtime: Runtime; signer: Pick<Signer, 'sign' | 'publicKey'> },
  signal: AbortSignal,
): Promise<SignedExtrinsic> {
  const [{ blake2AsU8a, blake2AsHex }, { compactAddLength }] = await Promise.all([
    import('@polkadot/util-crypto'),
    import('@polkadot/util'),
  ]);
  if (!runtime.calls.takesFormat(FORMAT)) throw refusal(runtime, `extrinsics of format ${FORMAT}`);
  const { extra, implicit } = await extensionBytes(runtime, { genesis, at, nonce });
  let encoded: Uint8Array;
  try {
    encoded = runtime.calls.encode(pallet, call, args);
  } catch (error) {
    throw submitErrors.CALL_UNKNOWN({ call: `${pallet}.${call}`, runtime: runtime.name, reason: messageOf(error) });
  }
  const payload = Buffer.concat([encoded, extra, implicit]);
  const message = payload.length > LONGEST_PAYLOAD ? blake2AsU8a(payload, 256) : payload;
  const signature = await signer.sign(message, signal, purpose);
  const body = Buffer.concat([
    Buffer.from([SIGNED | FORMAT, ADDRESS_ID]),
    signer.publicKey,
    Buffer.from([SIGNATURE_SR25519]),
    signature,
    extra,
    encoded,
  ]);
  const bytes = compactAddLength(body);
  return {
    bytes: `0x${Buffer.from(bytes).toString('hex')}`,
    hash: blake2AsHex(bytes, 256),
    birth: at.number,
    death: at.number + ERA_BLOCKS,
  };
}

/** Both parts of every extension, one after another. @throws EXTENSION_UNKNOWN */
async function extensionBytes(runtime: Runtime, origin: Origin): Promise<{ extra: Buffer; implicit: Buffer }> {
  const { compactToU8a } = await import('@polkadot/util');
  const known = knownExtensions(runtime, origin, compactToU8a);
  const parts = runtime.calls.extensions.map((extension) => {
    const { extra = EMPTY, implicit = EMPTY } = known[extension.name] ?? {};
    requireType(runtime, extension, 'extra', extra);
    requireType(runtime, extension, 'implicit', implicit);
    return { extra, implicit };
  });
  return {
    extra: Buffer.concat(parts.map(({ extra }) => extra)),
    implicit: Buffer.concat(parts.map(({ implicit }) => implicit)),
  };
}

const EMPTY = new Uint8Array();

type Parts = Readonly<Record<string, { extra?: Uint8Array; implicit?: Uint8Array }>>;

/** The extensions that hold something. Every other one has to be empty. */
function knownExtensions(
  { version }: Runtime,
  { genesis, at, nonce }: Origin,
  compact: (value: number) => Uint8Array,
): Parts {
  const noTip = { extra: compact(0) };
  const mortality = { extra: mortalEra(at.number), implicit: bytesOf(at.hash) };
  return {
    CheckSpecVersion: { implicit: u32(version.specVersion) },
    CheckTxVersion: { implicit: u32(version.transactionVersion) },
    CheckGenesis: { implicit: bytesOf(genesis) },
    CheckMortality: mortality,
    CheckEra: mortality,
    CheckNonce: { extra: compact(nonce) },
    ChargeTransactionPayment: noTip,
    ChargeTransactionPaymentWrapper: noTip,
    // Mode 0: the hash of the metadata is not checked, and none is given.
    CheckMetadataHash: { extra: Uint8Array.of(0), implicit: Uint8Array.of(0) },
  };
}

/** An era of `ERA_BLOCKS` blocks that begins at `birth`, as two bytes: the exponent of its length, and its phase. */
function mortalEra(birth: number): Uint8Array {
  const encoded = Buffer.alloc(2);
  encoded.writeUInt16LE((Math.log2(ERA_BLOCKS) - 1) | ((birth % ERA_BLOCKS) << 4));
  return encoded;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** @throws EXTENSION_UNKNOWN where the metadata's type does not take exactly these bytes */
function requireType(
  runtime: Runtime,
  extension: SignedExtension,
  part: 'extra' | 'implicit',
  bytes: Uint8Array,
): void {
  try {
    runtime.decode(extension[part], bytes);
  } catch {
    throw refusal(runtime, `the signed extension ${extension.name} (${runtime.typeText(extension[part])})`);
  }
}

const refusal = (runtime: Runtime, what: string): Error =>
  submitErrors.EXTENSION_UNKNOWN({ runtime: runtime.name, what });
