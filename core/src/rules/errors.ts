import { defineErrors } from '../errors/define-errors.js';

export const ruleErrors = defineErrors({
  RULE_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { where: string; door: string; rule: string; known: readonly string[] }) =>
      `${p.where}no installed package brings a ${p.door} named ${p.rule}; there is ${p.known.join(', ') || 'none'}.`,
    hint: () => 'Correct the name, or install the package that brings it. `validator rules` lists what is installed.',
  },
  RULE_PARAMETERS: {
    fault: 'config',
    retry: 'never',
    message: (p: { where: string; door: string; rule: string; issues: readonly string[] }) =>
      `${p.where}the parameters of the ${p.door} ${p.rule} are not valid:\n${p.issues.map((issue) => `  ${issue}`).join('\n')}`,
    hint: () => 'Correct them in the competition or the profile. `validator rules` lists the parameters of each rule.',
  },
  EARLY_STOP_TASKS: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string; rule: string; tasks: number }) =>
      `Competition ${p.competition} has ${p.tasks} tasks, and its match rule ${p.rule} ends rounds early, which needs exactly one.`,
    hint: () =>
      'Give the competition one task, or choose a match rule, or parameters of this one, without an early stop.',
  },
  SHARES_NOT_WHOLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { profile: string; block: number; sum: number }) =>
      `From block ${p.block} on the shares of profile ${p.profile} sum to ${p.sum}, not to 1.`,
    hint: (p: { sum: number }) =>
      p.sum > 1
        ? 'Lower them in the schedule: nothing can hand out more than everything.'
        : 'Raise them in the schedule, or add { rule: burn, to: ... } to the merge rules of the profile for what is left.',
  },
  RULE_BROKEN: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { door: string; rule: string; plugin: string; reason: string }) =>
      `The ${p.door} ${p.rule} of the plugin ${p.plugin} does not keep to its contract: ${p.reason}.`,
    hint: () =>
      'Tell the author of the rule: `validator competition check` on its package shows what is wrong. Nothing is decided by it until then.',
  },
  RULE_VERSION: {
    fault: 'config',
    retry: 'never',
    message: (p: { rule: string; recorded: number; installed: number }) =>
      `The round was judged by version ${p.recorded} of ${p.rule}; version ${p.installed} is installed.`,
    hint: () => 'Replay it with the version of the package that was installed at the time.',
  },
});
