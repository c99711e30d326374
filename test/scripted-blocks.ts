import { createHash } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2.js';

/** A header as JSON-RPC shows it. */
interface ScriptedHeader {
  parentHash: string;
  number: string;
  stateRoot: string;
  extrinsicsRoot: string;
  digest: { logs: string[] };
}

const ROOT = `0x${'00'.repeat(32)}`;
const bytesOf = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
export const hexOf = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;

/** A whole number in SCALE's compact form, up to 2^30. */
export function compact(value: number): Buffer {
  if (value < 2 ** 6) return Buffer.from([value * 4]);
  const bytes = Buffer.alloc(value < 2 ** 14 ? 2 : 4);
  if (bytes.length === 2) bytes.writeUInt16LE(value * 4 + 1);
  else bytes.writeUInt32LE(value * 4 + 2);
  return bytes;
}

/** Hash of a header: BLAKE2b-256 of its SCALE encoding, which clients compute themselves. */
function hashOf(header: ScriptedHeader): string {
  const encoded = Buffer.concat([
    bytesOf(header.parentHash),
    compact(Number(header.number)),
    bytesOf(header.stateRoot),
    bytesOf(header.extrinsicsRoot),
    compact(0),
  ]);
  return hexOf(blake2b(encoded, { dkLen: 32 }));
}

/**
 * Blocks and storage of a chain that exists only as a script. Two with the same name and start have the same hashes.
 * The first block may have any number: no block between genesis and it is kept.
 */
export class ScriptedBlocks {
  readonly genesisHash: string;
  readonly #first: number;
  readonly #headers: ScriptedHeader[] = [];
  readonly #hashes: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #genesis: ScriptedHeader;
  /** Changes of every key by block, the oldest first. */
  readonly #changes = new Map<string, { block: number; value: string | null }[]>();

  constructor(name: string, first: number) {
    this.#first = first;
    const extrinsicsRoot = hexOf(createHash('sha256').update(name).digest());
    this.#genesis = { parentHash: ROOT, number: '0x0', stateRoot: ROOT, extrinsicsRoot, digest: { logs: [] } };
    this.genesisHash = hashOf(this.#genesis);
    this.#numbers.set(this.genesisHash, 0);
    this.append('main');
  }

  get head(): number {
    return this.#first + this.#headers.length - 1;
  }

  /** One block more; another `fork` gives it another hash. */
  append(fork: string): void {
    const extrinsicsRoot = hexOf(createHash('sha256').update(fork).digest());
    const number = this.#first + this.#headers.length;
    const parentHash = this.#hashes.at(-1) ?? this.genesisHash;
    const header = {
      parentHash,
      number: `0x${number.toString(16)}`,
      stateRoot: ROOT,
      extrinsicsRoot,
      digest: { logs: [] },
    };
    const hash = hashOf(header);
    this.#headers.push(header);
    this.#hashes.push(hash);
    this.#numbers.set(hash, number);
  }

  /** Takes back the newest blocks, their hashes and what they changed in storage. */
  undo(count: number): void {
    this.#headers.length -= count;
    for (const hash of this.#hashes.splice(-count, count)) this.#numbers.delete(hash);
    for (const list of this.#changes.values()) while ((list.at(-1)?.block ?? 0) > this.head) list.pop();
  }

  hash(number: number): string | null {
    return number === 0 ? this.genesisHash : (this.#hashes[number - this.#first] ?? null);
  }

  /** Number of a block that is on the chain; undefined for others, undone ones included. */
  number(hash: string): number | undefined {
    return this.#numbers.get(hash);
  }

  header(hash: string): ScriptedHeader | null {
    const number = this.number(hash);
    if (number === 0) return this.#genesis;
    return number === undefined ? null : (this.#headers[number - this.#first] ?? null);
  }

  /** A value from the head on; null removes the key. */
  put(key: string, value: string | null): void {
    const list = this.#changes.get(key) ?? [];
    this.#changes.set(key, [...list.filter(({ block }) => block < this.head), { block: this.head, value }]);
  }

  get(key: string, number: number): string | null {
    return this.#changes.get(key)?.findLast(({ block }) => block <= number)?.value ?? null;
  }

  keys(prefix: string, number: number): string[] {
    return [...this.#changes.keys()].filter((key) => key.startsWith(prefix) && this.get(key, number) !== null).sort();
  }
}
