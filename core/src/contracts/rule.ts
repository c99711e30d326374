import type { z } from 'zod';

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
  /** Schema of the parameters; it fills in what may be left out. */
  readonly parameters: z.ZodType<Parameters>;
  /** The rule with its parameters. */
  bind(parameters: Parameters): Bound;
}

/** A rule as a competition or a profile chooses it: its name, its parameters beside it. */
export interface RuleChoice {
  rule: string;
  [parameter: string]: unknown;
}

/** A rule as a round records it. */
export interface RuleRecord {
  rule: string;
  version: number;
  /** As the rule's schema filled them in. */
  parameters: Readonly<Record<string, unknown>>;
}

/** A value that a rule adds to the line of a contender, in tables, events and the journal. */
export interface RuleColumn {
  /** Key of the value; camel case. */
  key: string;
  /** Heading of the column, two words at most. */
  title: string;
  /** What the value means, with its unit. */
  about: string;
}

/** Values by the keys of a rule's columns; null where a contender has none. */
export type ColumnValues = Readonly<Record<string, number | string | boolean | null>>;
