import type { z } from 'zod';
import type { RuleRecord, RuleState } from '../contracts/rule.js';
import { judgingErrors } from './errors.js';

/** A stored state as a rule's own schema reads it. @throws STATE_UNREADABLE where the rule of another version wrote it so */
export function readState(rule: { state: z.ZodType }, { by, state }: RuleState): unknown {
  const parsed = rule.state.safeParse(state);
  if (parsed.success) return parsed.data;
  throw judgingErrors.STATE_UNREADABLE({ rule: by.rule, version: by.version });
}

/**
 * The state that a rule goes on from: its own, or one of a rule that it continues; undefined where there is none.
 * @throws STATE_UNREADABLE
 */
export function ownState(
  { record, rule }: { record: RuleRecord; rule: { state: z.ZodType } },
  before: RuleState | null,
  continues: readonly string[] = [],
): unknown {
  if (!before) return undefined;
  const { rule: writer } = before.by;
  return writer === record.rule || continues.includes(writer) ? readState(rule, before) : undefined;
}
