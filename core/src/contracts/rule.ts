import { z } from 'zod';

/**
 * Something that a subnet decides, as a package brings it. A rule is pure: it sees no clock, no file, no chain, and the
 * same input has the same result on every machine. A round records the rules that it went by, and a replay needs them by
 * name and version.
 */
export interface Rule<Bound, Parameters = unknown> {
  /** Lower-case letters, digits and dashes; unique behind its door. */
  readonly name: string;
  /** Grows whenever the same input could have another result. */
  readonly version: number;
  /** One sentence for `validator rules`. */
  readonly summary: string;
  /** Schema of the parameters; it fills in what may be left out. Each is described for `validator rules`. */
  readonly parameters: z.ZodType<Parameters>;
  /** Parameters that a subnet may choose, as it writes them; at least one. The kit for authors tries the rule with each. */
  readonly examples: readonly Readonly<Record<string, unknown>>[];
  /** The rule with its parameters. */
  bind(parameters: Parameters): Bound;
}

/** A rule as a competition or a profile chooses it: its name, its parameters beside it. */
export interface RuleChoice {
  rule: string;
  [parameter: string]: unknown;
}

/** A rule as a round records it; the parameters are those that the rule's schema filled in. */
export const ruleRecord = z.object({
  rule: z.string(),
  version: z.number().int(),
  parameters: z.record(z.string(), z.json()),
});
export type RuleRecord = z.infer<typeof ruleRecord>;

/** What a rule has left behind: its state, and the rule that wrote it and can read it. */
export const ruleState = z.object({ by: ruleRecord, state: z.json() });
export type RuleState = z.infer<typeof ruleState>;

/** Of a rule whose state rests on everything that has happened since a block: a validator that begins later does not know it. */
export interface HistoryNeed {
  /** Block from which on everything counts. */
  since: number;
  /** Blocks by which a validator may begin later. */
  tolerance: number;
  /** What such a validator does not know, e.g. `which models have reigned`. */
  about: string;
}

/** A value that a rule adds to the line of a contender, in tables, events and the journal. */
export const ruleColumn = z.object({
  /** Key of the value; camel case. */
  key: z.string(),
  /** Heading of the column, two words at most. */
  title: z.string(),
  /** What the value means, with its unit. */
  about: z.string(),
});
export type RuleColumn = Readonly<z.infer<typeof ruleColumn>>;

/** Values by the keys of a rule's columns; null where a contender has none. */
export const columnValues = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));
export type ColumnValues = Readonly<z.infer<typeof columnValues>>;
