import { defineErrors } from '@assay/core/errors/define-errors';

export const rulesErrors = defineErrors({
  RULES_NONE_OF_THAT_NAME: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string; doors: readonly string[] }) =>
      `There is no door and no installed rule named ${p.name}.`,
    hint: (p: { doors: readonly string[] }) =>
      `Name a door (${p.doors.join(', ')}), or run \`validator rules\` without a name to see all rules.`,
  },
});
