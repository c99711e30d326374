import { z } from 'zod';
import { DOOR_NAMES, DOORS, type DoorName } from '@assay/core/rules/doors';
import type { ListedRule, RuleBook } from '@assay/core/rules/rule-book';
import { rulesErrors } from './errors.js';

export interface DescribedParameter {
  name: string;
  /** JSON schema, in short: `number, 0..1`. */
  type: string;
  required: boolean;
  /** What it is when it is left out; absent for one that is required. */
  default?: unknown;
  about: string;
}

export interface DescribedRule {
  rule: string;
  version: number;
  summary: string;
  /** Plugin that brings it; `core` for those that come along. */
  plugin: string;
  parameters: DescribedParameter[];
  /** As a competition or profile writes it. */
  example: Readonly<Record<string, unknown>>;
}

export interface DescribedDoor {
  door: DoorName;
  title: string;
  decides: string;
  rules: DescribedRule[];
}

/**
 * Rules by door, in the order of the doors.
 * @param wanted only this door, or rules of this name
 * @throws RULES_NONE_OF_THAT_NAME
 */
export function describedRules(book: RuleBook, wanted?: string): DescribedDoor[] {
  const listed = book
    .list()
    .filter(({ door, rule }) => wanted === undefined || door === wanted || rule.name === wanted);
  if (wanted !== undefined && listed.length === 0 && !DOOR_NAMES.some((door) => door === wanted))
    throw rulesErrors.RULES_NONE_OF_THAT_NAME({ name: wanted, doors: DOOR_NAMES });
  return DOOR_NAMES.map((door) => ({
    door,
    ...DOORS[door],
    rules: listed.filter((one) => one.door === door).map(described),
  })).filter(({ door, rules }) => wanted === undefined || door === wanted || rules.length > 0);
}

function described({ rule, plugin }: ListedRule): DescribedRule {
  const { name, version, summary, examples } = rule;
  return {
    rule: name,
    version,
    summary,
    plugin,
    parameters: parametersOf(rule.parameters),
    example: { rule: name, ...examples[0] },
  };
}

/** A member of a JSON schema, as far as it is shown. */
const member = z.looseObject({
  type: z.string().optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
});

/** Parameters of a schema. One that is not zod's, or that has no JSON schema, lists none. */
function parametersOf(schema: z.ZodType): DescribedParameter[] {
  let json: { properties?: Record<string, unknown>; required?: readonly string[] };
  try {
    json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  } catch {
    return [];
  }
  return Object.entries(json.properties ?? {}).map(([name, value]) => {
    const { default: fallback, description = '' } = member.parse(value);
    const required = json.required?.includes(name) ?? false;
    return {
      name,
      type: typeText(value),
      required,
      ...(required || fallback === undefined ? {} : { default: fallback }),
      about: description,
    };
  });
}

/** The type of a value in few words, with its range. */
function typeText(value: unknown): string {
  const { type = 'anything', const: only, anyOf, ...range } = member.parse(value);
  if (anyOf) return anyOf.map(typeText).join(' or ');
  if (only !== undefined) return JSON.stringify(only);
  const bounds = [
    ...(range.minimum === undefined ? [] : [`from ${range.minimum}`]),
    ...(range.exclusiveMinimum === undefined ? [] : [`above ${range.exclusiveMinimum}`]),
    ...(range.maximum === undefined || range.maximum >= Number.MAX_SAFE_INTEGER ? [] : [`to ${range.maximum}`]),
    ...(range.exclusiveMaximum === undefined ? [] : [`below ${range.exclusiveMaximum}`]),
  ];
  return [type, ...bounds].join(' ');
}
