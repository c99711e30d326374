import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const file = join(import.meta.dirname, '..', '..', 'fixtures', 'protocol', 'commit_reveal_tle.json');
const recorded = z
  .object({ round: z.number(), signature_g1: z.string() })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

/** A round of drand's quicknet, and its real signature. */
export const DRAND_ROUND = recorded.round;
export const DRAND_SIGNATURE = Buffer.from(recorded.signature_g1, 'hex');
