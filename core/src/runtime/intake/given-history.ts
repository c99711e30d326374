import { z } from 'zod';
import type { GivenHistory } from '../../config/given-history.js';
import { issuesOf } from '../../config/resolve.js';
import type { RuleState } from '../../contracts/rule.js';
import { NO_MARKS, withMarks } from '../../judging/mark-count.js';
import type { ChosenRules } from '../../rules/chosen.js';
import { runtimeErrors } from '../errors.js';
import type { KnownHistory } from './history-record.js';

/** What an operator has written of a competition, as its rules read it. @throws HISTORY_INVALID */
export function readGivenHistory(
  competition: { id: number; name: string },
  given: GivenHistory,
  { standing, entrants }: Pick<ChosenRules, 'standing' | 'entrants'>,
): KnownHistory {
  const read = <T>(member: string, schema: z.ZodType<T>, value: unknown): T => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw runtimeErrors.HISTORY_INVALID({ competition: competition.name, member, issues: issuesOf(parsed.error) });
  };
  const stateOf = (by: RuleState['by'], state: unknown): RuleState => ({ by, state: z.json().parse(state) });
  const held =
    given.standing === undefined
      ? null
      : stateOf(standing.record, read('standing', standing.rule.state, given.standing));
  const reads = entrants.rule.intake?.given;
  const marks =
    given.entrants === undefined ? [] : [...new Set(read('entrants', reads?.schema ?? z.never(), given.entrants))];
  const begun = reads && marks.length > 0 ? stateOf(entrants.record, reads.begin(withMarks(NO_MARKS, marks))) : null;
  return { competition, source: { kind: 'config' }, standing: held, entrants: begun, marks };
}
