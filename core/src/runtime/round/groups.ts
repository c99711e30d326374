import type { Contender } from './plan.js';

/** Contenders whose models are one: the first is evaluated, and the others share its result. */
export interface Group {
  first: Contender;
  others: Contender[];
}

export function groupByModel(contenders: readonly Contender[]): Group[] {
  const groups = new Map<string, Group>();
  for (const contender of contenders) {
    const key = contender.model.facts.evaluationDigest;
    const group = groups.get(key);
    if (group) group.others.push(contender);
    else groups.set(key, { first: contender, others: [] });
  }
  return [...groups.values()];
}
