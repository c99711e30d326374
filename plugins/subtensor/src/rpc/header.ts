import { z } from 'zod';
import { answerAs, hash, malformed } from './greeting.js';
import { bytesOf, hexText } from './hex.js';

const NO_PARENT = `0x${'00'.repeat(32)}`;

const header = z.looseObject({
  parentHash: hash,
  number: z
    .string()
    .regex(/^0x[0-9a-fA-F]{1,8}$/)
    .transform((text) => Number.parseInt(text, 16)),
  stateRoot: hash,
  extrinsicsRoot: hash,
  digest: z.looseObject({ logs: z.array(hexText).max(100) }),
});

export interface BlockHeader {
  number: number;
  parentHash: string;
}

/**
 * Reads a header that a node has given for this hash. The hash of a block is BLAKE2b-256 over the SCALE encoding of its
 * header, so a header that does not come to it belongs to another block, or has been changed on its way.
 * @throws ANSWER_MALFORMED
 */
export async function headerOf(blockHash: string, answer: unknown): Promise<BlockHeader> {
  const method = 'chain_getHeader';
  const found = answerAs(header, method, answer);
  const { number, parentHash, stateRoot, extrinsicsRoot, digest } = found;
  // The first block of a test chain may have been made without a header.
  if (number > 0 || parentHash !== NO_PARENT) {
    const [{ blake2AsHex }, { compactToU8a }] = await Promise.all([
      import('@polkadot/util-crypto'),
      import('@polkadot/util'),
    ]);
    const encoded = Buffer.concat([
      bytesOf(parentHash),
      compactToU8a(number),
      bytesOf(stateRoot),
      bytesOf(extrinsicsRoot),
      compactToU8a(digest.logs.length),
      ...digest.logs.map(bytesOf),
    ]);
    if (blake2AsHex(encoded, 256) !== blockHash)
      throw malformed(method, 'the header does not come to the hash of its block');
  }
  return { number, parentHash };
}
