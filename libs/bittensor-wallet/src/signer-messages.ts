import { z } from 'zod';

/** Version of the protocol between a validator and an external signer. */
export const SIGNER_PROTOCOL = 1;

/** Longest line in either direction, its end not counted. */
export const MAX_LINE_BYTES = 256 * 1024;

/** Longest message that is sent to be signed; its hex has twice as many characters. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

export const LONGEST_PURPOSE = 200;

const head = { version: z.literal(SIGNER_PROTOCOL), id: z.int().nonnegative() };

const refusal = z.object({ ...head, error: z.object({ message: z.string() }) });
const hello = z.object({ ...head, address: z.string().max(64) });
const signature = z.object({ ...head, signature: z.string().regex(/^0x[0-9a-f]{128}$/) });

/** One answer of a signer. Unknown members are left alone, so that a later signer may say more. */
export const signerAnswer = z.union([refusal, hello, signature]);

export type SignerAnswer = z.infer<typeof signerAnswer>;

export type SignerRequest =
  { request: 'hello' } | { request: 'sign'; address: string; message: string; purpose: string };
