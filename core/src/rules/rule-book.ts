import { configErrors } from '../config/errors.js';
import type { TaskKindRule } from '../contracts/task-kind.js';
import { ruleRecord, type Rule, type RuleChoice, type RuleRecord } from '../contracts/rule.js';
import { issueLines, messageOf } from '../errors/describe.js';
import { BUILT_IN_RULES, type RuleProvisions } from './built-in.js';
import { DOOR_NAMES, DOORS, type DoorName, type Doors } from './doors.js';
import { ruleErrors } from './errors.js';
import { guarded } from './guard.js';

/** A rule behind a door, and the plugin that brings it. */
export interface ListedRule {
  door: DoorName;
  rule: Rule<unknown>;
  plugin: string;
}

/** A rule with its parameters, and how a round records it. */
export interface BoundRule<Bound> {
  record: RuleRecord;
  rule: Bound;
}

const CORE = 'core';

/** Every installed rule, by door and name. */
export class RuleBook {
  readonly #rules = new Map<string, ListedRule>();
  readonly #kinds: readonly TaskKindRule[];

  /** @throws PLUGIN_DUPLICATE */
  constructor(plugins: readonly { name: string; provides: RuleProvisions }[] = []) {
    const all = [{ name: CORE, provides: BUILT_IN_RULES }, ...plugins];
    this.#kinds = all.flatMap(({ provides }) => provides.taskKinds ?? []);
    for (const { name, provides } of all) {
      for (const door of DOOR_NAMES) for (const rule of provides[door] ?? []) this.#add({ door, rule, plugin: name });
    }
  }

  /** Every installed kind of task. */
  kinds(): readonly TaskKindRule[] {
    return this.#kinds;
  }

  list(): ListedRule[] {
    return [...this.#rules.values()];
  }

  /**
   * @param where who chooses it, for messages: `competition x`
   * @throws RULE_UNKNOWN, RULE_PARAMETERS
   */
  bind<Door extends DoorName>(
    door: Door,
    { rule: name, ...parameters }: RuleChoice,
    where = 'a choice of rules',
  ): BoundRule<Doors[Door]> {
    const { rule, plugin } = this.#named(door, name, where);
    const parsed = rule.parameters.safeParse(parameters);
    if (!parsed.success) {
      const issues = issueLines(parsed.error) ?? [messageOf(parsed.error)];
      throw ruleErrors.RULE_PARAMETERS({ where: `In ${where}, `, door: DOORS[door].title, rule: name, issues });
    }
    const record = ruleRecord.parse({ rule: name, version: rule.version, parameters: parsed.data });
    return { record, rule: guarded(door, { name, plugin }, rule.bind(parsed.data)) };
  }

  /**
   * The rule that a round was judged by.
   * @throws RULE_UNKNOWN, RULE_PARAMETERS, RULE_VERSION
   */
  recorded<Door extends DoorName>(door: Door, recorded: RuleRecord): BoundRule<Doors[Door]> {
    const bound = this.installed(door, recorded);
    if (bound.record.version === recorded.version) return bound;
    throw ruleErrors.RULE_VERSION({
      rule: recorded.rule,
      recorded: recorded.version,
      installed: bound.record.version,
    });
  }

  /** A recorded rule in the version that is installed now. @throws RULE_UNKNOWN, RULE_PARAMETERS */
  installed<Door extends DoorName>(door: Door, { rule, parameters }: RuleRecord): BoundRule<Doors[Door]> {
    return this.bind(door, { ...parameters, rule }, 'what is on record');
  }

  #add(listed: ListedRule): void {
    const { door, rule, plugin } = listed;
    const key = keyOf(door, rule.name);
    const other = this.#rules.get(key);
    if (other)
      throw configErrors.PLUGIN_DUPLICATE({ what: DOORS[door].title, id: rule.name, plugins: [other.plugin, plugin] });
    this.#rules.set(key, listed);
  }

  #named<Door extends DoorName>(door: Door, name: string, where: string): { rule: Rule<Doors[Door]>; plugin: string } {
    const found = this.#rules.get(keyOf(door, name));
    // What a rule binds to follows from the door that it stands behind.
    if (found) return { rule: found.rule as Rule<Doors[Door]>, plugin: found.plugin };
    const known = this.list().flatMap((one) => (one.door === door ? [one.rule.name] : []));
    throw ruleErrors.RULE_UNKNOWN({ where: `In ${where}, `, door: DOORS[door].title, rule: name, known });
  }
}

const keyOf = (door: string, name: string): string => `${door}/${name}`;
