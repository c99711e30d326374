import { printable } from '@assay/core/errors/printable';
import type { DescribedDoor, DescribedParameter, DescribedRule } from './describe.js';

/** Doors and their rules for people. */
export const rulesText = (doors: readonly DescribedDoor[]): string =>
  doors
    .map(({ door, title, decides, rules }) =>
      [`${door} (${title}): ${decides}`, ...(rules.length === 0 ? ['  none'] : rules.map(ruleText))].join('\n'),
    )
    .join('\n\n');

const ruleText = ({ rule, version, summary, plugin, parameters, example }: DescribedRule): string =>
  [
    `  ${rule} (version ${version}, of ${plugin}): ${printable(summary, 400)}`,
    ...parameters.map(parameterText),
    `    e.g. ${JSON.stringify(example)}`,
  ].join('\n');

function parameterText({ name, type, required, default: fallback, about }: DescribedParameter): string {
  const need = required
    ? 'required'
    : fallback === undefined
      ? 'may be left out'
      : `${JSON.stringify(fallback)} when left out`;
  return `    ${name}: ${type}, ${need}. ${printable(about, 400)}`.trimEnd();
}
