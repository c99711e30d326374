import { asBlockNumber } from '@assay/core/contracts/brands';
import type { Reveal } from '@assay/core/contracts/chain-client';
import { issueLines } from '@assay/core/errors/describe';
import { z } from 'zod';
import { weightsErrors } from './weights-errors.js';

const u16 = z.number().int().min(0).max(65_535);
const block = z.number().int().nonnegative();
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const row = {
  /** Of the validator. */
  uid: u16,
  uids: z.array(u16),
  weights: z.array(u16),
  /** Decimal: JSON has no integers of 64 bits. */
  versionKey: z.string().regex(/^\d{1,20}$/),
};
const facts = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('set'), ...row }),
  z.object({
    kind: z.literal('timelocked'),
    ...row,
    round: z.number().int().positive(),
    revealBlock: block,
    /** BLAKE2b-256 of the ciphertext. */
    commitHash: hash,
  }),
  z.object({
    kind: z.literal('hash'),
    ...row,
    salt: z.array(u16),
    revealBlock: block,
    /** What stands on chain until the reveal. */
    commitHash: hash,
  }),
]);

/** What the ticket of a submission of weights holds beside the extrinsic itself. */
export type WeightsFacts = z.infer<typeof facts>;
export type TimelockedFacts = Extract<WeightsFacts, { kind: 'timelocked' }>;
export type HashFacts = Extract<WeightsFacts, { kind: 'hash' }>;

/** @throws SUBMISSION_FACTS_INVALID */
export function weightsFacts(value: unknown): WeightsFacts {
  const parsed = facts.safeParse(value);
  if (parsed.success) return parsed.data;
  throw weightsErrors.SUBMISSION_FACTS_INVALID({ reason: issueLines(parsed.error)?.[0] ?? 'it has another shape' });
}

export type CommittedFacts = TimelockedFacts | HashFacts;

/** How weights come into force that were committed so. */
export const revealOf = ({ kind, revealBlock }: CommittedFacts): Reveal => ({
  block: asBlockNumber(revealBlock),
  by: kind === 'timelocked' ? 'chain' : 'validator',
});
