import type { SubmissionTicket } from '@assay/core/contracts/chain-client';
import type { Json } from '@assay/core/contracts/round-journal';
import { issueLines } from '@assay/core/errors/describe';
import { z } from 'zod';
import { submitErrors } from './errors.js';

/** The chain numbers its blocks with 32 bits, and an era has 65,536 blocks at most. */
const block = z.number().int().min(0).max(0xffff_ffff);
const LONGEST_ERA = 65_536;
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);

const schema = z
  .strictObject({
    format: z.literal(1),
    /** E.g. `SubtensorModule.set_weights`. */
    call: z.string().max(200),
    /** Of the signed extrinsic. */
    hash,
    nonce: z.number().int().min(0).max(0xffff_ffff),
    /** Block at which its era begins; no block up to this one can hold it. */
    birth: block,
    /** First block that can no longer hold it. */
    death: block,
    hotkey: z.string().max(64),
    /** Of the chain. */
    genesis: hash,
    netuid: z.number().int().min(0).max(65_535),
    mechanism: z.number().int().min(0).max(15),
    /** Those of the draft. */
    facts: z.json(),
  })
  .refine(({ birth, death }) => death > birth && death - birth <= LONGEST_ERA, { error: 'its era is none' });

/** What finds a signed extrinsic again, in this process or a later one. */
export type Ticket = Omit<z.infer<typeof schema>, 'facts'> & { facts: Json };

/** Whose submissions a client looks for. */
export type Owner = Pick<Ticket, 'genesis' | 'netuid' | 'mechanism' | 'hotkey'>;

/** @throws TICKET_UNREADABLE */
export function readTicket(ticket: SubmissionTicket): Ticket {
  const parsed = schema.safeParse(ticket);
  if (parsed.success) return parsed.data;
  throw submitErrors.TICKET_UNREADABLE({ reason: issueLines(parsed.error)?.[0] ?? 'it has another shape' });
}

/** @throws TICKET_FOREIGN for a ticket that another client has made */
export function requireOwn(ticket: Ticket, owner: Owner): void {
  for (const what of ['genesis', 'netuid', 'mechanism', 'hotkey'] as const)
    if (ticket[what] !== owner[what])
      throw submitErrors.TICKET_FOREIGN({ what, found: String(ticket[what]), wanted: String(owner[what]) });
}
