import { z } from 'zod';

/** An integer as polkadot's types write it in JSON: a number, or 0x and hex where it exceeds 52 bits. */
export const amount = z
  .union([z.number().int().nonnegative(), z.string().regex(/^0x[0-9a-fA-F]{1,32}$/)])
  .transform((value) => BigInt(value));

/** One that is counted with. What the chain holds beyond 2^53, as a limit that never applies, is cut to that. */
export const count = amount.transform((value) =>
  Number(value < BigInt(Number.MAX_SAFE_INTEGER) ? value : BigInt(Number.MAX_SAFE_INTEGER)),
);

/** A fraction that the chain keeps as a u16, in [0, 1]. */
export const fraction = z
  .number()
  .int()
  .min(0)
  .max(65_535)
  .transform((value) => value / 65_535);

/** Account in ss58, format 42. */
export const account = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{46,50}$/);
