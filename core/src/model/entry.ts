import type { Finding } from '../contracts/entry-check.js';
import type { ModelFacts } from '../contracts/model.js';

/** @throws the reason of the first finding that refuses the model */
export function requireEntry(findings: readonly Finding[]): void {
  const error = findings.find((one) => one.error)?.error;
  if (error) throw error;
}

const MAX_NOTES = 20;
const MAX_NOTE_LENGTH = 500;

/** The facts of a model with what is suspicious about it among its notes, for whoever reads a table or a record. */
export const withSuspicions = (facts: ModelFacts, findings: readonly Finding[]): ModelFacts => ({
  ...facts,
  ...notesWith(
    facts.notes,
    findings.flatMap(({ suspicion }) => suspicion ?? []),
  ),
});

/** Notes with suspicions ahead of them, bounded; without any there is no member. */
export function notesWith(notes: readonly string[] = [], suspicions: readonly string[]): Pick<ModelFacts, 'notes'> {
  const all = [...suspicions.map((text) => text.slice(0, MAX_NOTE_LENGTH)), ...notes].slice(0, MAX_NOTES);
  return all.length > 0 ? { notes: all } : {};
}
