import type { Finding } from '../contracts/entry-check.js';
import type { ModelFacts } from '../contracts/model.js';

/** @throws the reason of the first finding that refuses the model */
export function requireEntry(findings: readonly Finding[]): void {
  const error = findings.find((one) => one.error)?.error;
  if (error) throw error;
}

const MAX_NOTES = 20;
const MAX_NOTE_LENGTH = 500;

/** The facts of a model with what is suspicious about it, and what else is to be told, ahead of its notes, for people. */
export const withRemarks = (
  facts: ModelFacts,
  findings: readonly Finding[],
  remarks: readonly string[] = [],
): ModelFacts => ({
  ...facts,
  ...notesWith(facts.notes, [...findings.flatMap(({ suspicion }) => suspicion ?? []), ...remarks]),
});

/** Notes with suspicions ahead of them, bounded; without any there is no member. */
export function notesWith(notes: readonly string[] = [], suspicions: readonly string[]): Pick<ModelFacts, 'notes'> {
  const all = [...suspicions.map((text) => text.slice(0, MAX_NOTE_LENGTH)), ...notes].slice(0, MAX_NOTES);
  return all.length > 0 ? { notes: all } : {};
}
