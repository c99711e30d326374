import { randomUUID } from 'node:crypto';
import { chainErrors } from '@assay/core/chain/errors';
import type { SubmissionTicket } from '@assay/core/contracts/chain-client';
import { z } from 'zod';

/** Blocks after the earliest possible one up to which a submission may still be included, as by the era of an extrinsic. */
const VALID_FOR = 16;

const ticket = z.strictObject({
  /** Names the submission in the network's file. */
  id: z.uuid(),
  /** Last block that may hold it. */
  lastBlock: z.number().int().nonnegative(),
});
type Ticket = z.infer<typeof ticket>;

/** A ticket for a submission that is sent when the head is `head`. */
export const newTicket = (head: number, delay: number): Ticket => ({
  id: randomUUID(),
  lastBlock: head + delay + VALID_FOR,
});

/** @throws TICKET_UNREADABLE */
export function parseTicket(given: SubmissionTicket): Ticket {
  const parsed = ticket.safeParse(given);
  if (!parsed.success) throw chainErrors.TICKET_UNREADABLE({});
  return parsed.data;
}
