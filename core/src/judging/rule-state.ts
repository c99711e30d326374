import type { z } from 'zod';
import type { RuleState } from '../contracts/rule.js';
import { judgingErrors } from './errors.js';

/** A stored state as a rule's own schema reads it. @throws STATE_UNREADABLE where the rule of another version wrote it so */
export function readState(rule: { state: z.ZodType }, { by, state }: RuleState): unknown {
  const parsed = rule.state.safeParse(state);
  if (parsed.success) return parsed.data;
  throw judgingErrors.STATE_UNREADABLE({ rule: by.rule, version: by.version });
}
