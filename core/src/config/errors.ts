import { defineErrors } from '../errors/define-errors.js';
import { printable } from '../errors/printable.js';

/** Hints by what Node says of an import that fails. */
const BROKEN_HINTS: readonly (readonly [reason: RegExp, hint: (name: string) => string])[] = [
  [
    /^Package subpath '([^']+)' is not defined by "exports"/,
    (path) => `Import ${path} from an entry that docs/build/plugin.md lists: everything else is internal.`,
  ],
  [
    /^Cannot find (?:package|module) '(@assay\/[^']+)'/,
    (name) =>
      `Correct the name ${name}: the validator has no such package. It provides its own packages to import, and to require nothing: write the package as ES modules.`,
  ],
  [
    /^Cannot find package '([^']+)'/,
    (name) =>
      `Write ${name} under "dependencies" in its package.json and run npm install there. If it is not yours, tell its author.`,
  ],
];

function hintForBroken(reason: string): string {
  for (const [pattern, hint] of BROKEN_HINTS) {
    const found = pattern.exec(reason)?.[1];
    if (found !== undefined) return hint(found);
  }
  return 'Build it, and see that everything that it imports is among the files that npm pack packs. If it is not yours, tell its author.';
}

export const configErrors = defineErrors({
  CONFIG_NOT_FOUND: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string }) => `There is no config file at ${p.path}.`,
    hint: () => 'Pass one with --config FILE; examples/demo.yaml is one to start from.',
  },
  ENV_FILE_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The variables in ${p.path} can't be read: ${p.reason}`,
    hint: () => 'Mend its permissions, or take it away and set the variables in the environment.',
  },
  CONFIG_MALFORMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The config file ${p.path} is not valid YAML: ${p.reason}`,
    hint: () => 'Mend the line that the message names.',
  },
  CONFIG_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { issues: readonly string[] }) =>
      `The configuration is not valid:\n${p.issues.map((issue) => `  ${issue}`).join('\n')}`,
    hint: () =>
      'validator config show prints every value and where it comes from; docs/reference/config.schema.json lists all keys.',
  },
  PLUGIN_NOT_FOUND: {
    fault: 'config',
    retry: 'never',
    message: (p: { package: string; reason: string }) => `The plugin package ${p.package} can't be loaded: ${p.reason}`,
    hint: () =>
      'Install it (validator plugins install PACKAGE, or npm install PACKAGE beside the config file), or correct its name under `plugins`.',
  },
  PLUGIN_BROKEN: {
    fault: 'config',
    retry: 'never',
    message: (p: { package: string; reason: string }) =>
      `The plugin package ${p.package} is there and does not load: ${p.reason}`,
    hint: (p: { reason: string }) => hintForBroken(p.reason),
  },
  PLUGIN_MALFORMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { package: string; issues: readonly string[] }) =>
      `${p.package} is not a plugin:\n${p.issues.map((issue) => `  ${issue}`).join('\n')}`,
    hint: () =>
      'Mend it as docs/build/plugin.md has it: its package.json, and a plain object as its default export. If it is not yours, take it out: validator plugins uninstall PACKAGE.',
  },
  PLUGIN_API_VERSION: {
    fault: 'config',
    retry: 'never',
    message: (p: { plugin: string; apiVersion: unknown; wanted: number }) =>
      `Plugin ${p.plugin} is made for plugin API ${String(p.apiVersion)}; this is ${p.wanted}.`,
    hint: (p: { plugin: string }) =>
      `Install the version of it that matches this validator, or remove it: validator plugins uninstall ${p.plugin}, or take it out of \`plugins\`.`,
  },
  PLUGIN_DUPLICATE: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string; id: string; plugins: readonly string[] }) =>
      p.what === 'plugin'
        ? `Two packages call their plugin ${p.id}.`
        : `Two plugins provide ${p.what} ${p.id}: ${p.plugins.join(' and ')}.`,
    hint: () => 'Take one of them out: of `plugins` in the config file, or with validator plugins uninstall PACKAGE.',
  },
  IMPLEMENTATION_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { contract: string; use: string; known: readonly string[]; within?: string }) =>
      `No installed plugin provides a ${p.contract} named ${p.use}${p.within === undefined ? '' : `, of which ${p.within} is made`}; there is ${p.known.join(', ') || 'none'}.`,
    hint: (p: { contract: string; within?: string }) =>
      `Correct ${p.within === undefined ? `${p.contract}.use` : `the options of ${p.within}`}, or add the plugin's package under \`plugins\`.`,
  },
  PLUGIN_CIRCLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { levels: readonly string[] }) =>
      `Plugins would be made of each other without end: ${p.levels.join(' of ')}.`,
    hint: () =>
      'Choose another implementation in the options of one of them. If none is chosen there, tell the author of the plugin.',
  },
  IMPLEMENTATION_NOT_READY: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string; reason: string }) => `${p.name} lacks something that it needs: ${p.reason}`,
    hint: (p: { name: string }) => `Provide what the message names, or choose another implementation than ${p.name}.`,
  },
  OPTIONS_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { where: string; issues: readonly string[] }) =>
      `The options of ${p.where} are not valid:\n${p.issues.map((issue) => `  ${issue}`).join('\n')}`,
    hint: () =>
      'Correct them in the config file (--config FILE; examples/demo.yaml is one to start from); validator config show prints what was read from where.',
  },
  SETTING_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { flag: string; contract: string; use: string; takers: readonly string[] }) =>
      `${p.flag} sets nothing here: the configured ${p.contract} is ${p.use}, which has no such option.`,
    hint: (p: { flag: string; contract: string; takers: readonly string[] }) =>
      p.takers.length === 0
        ? `Leave ${p.flag} out: no installed ${p.contract} takes it.`
        : `Leave ${p.flag} out, or configure a ${p.contract} that takes it: ${p.contract}: { use: ${p.takers.join(' | ')} } in the config file, or ASSAY_${p.contract.toUpperCase()}__USE.`,
  },
  SUBNET_UNNAMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { subnet: string; chain: string }) =>
      `No subnet is named, and the default one, ${p.subnet}, is for trying things out: it does not go with the chain ${p.chain}.`,
    hint: () => 'Name the profile of the subnet: subnet: NAME in the config file, or ASSAY_SUBNET.',
  },
  SETTING_CONFLICT: {
    fault: 'config',
    retry: 'never',
    message: (p: { flags: readonly string[] }) =>
      `${p.flags.join(' and ')} are names of one option and have different values.`,
    hint: () => 'Give one of them.',
  },
  SETTING_EMPTY: {
    fault: 'config',
    retry: 'never',
    message: (p: { source: string }) => `${p.source} is given, but its value is empty.`,
    hint: (p: { source: string }) => `Leave ${p.source} out, or give it a value: a variable of the shell may be unset.`,
  },
  SETTING_FILE_MALFORMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) =>
      `${printable(p.path, 200)}, which other software keeps, can't be read: ${printable(p.reason, 400)}`,
    hint: () => 'Correct the file, or take it away and name the options in the config file.',
  },
  PROFILE_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { subnet: string; known: readonly string[] }) =>
      `No installed plugin has a subnet profile named ${p.subnet}; there is ${p.known.join(', ') || 'none'}.`,
    hint: () => 'Correct `subnet`, or add the package that has the profile under `plugins`.',
  },
  COMPETITION_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string; known: readonly string[] }) =>
      `No installed package provides a competition named ${p.name}; there is ${p.known.join(', ') || 'none'}.`,
    hint: () => 'Correct `competitions`, or add its package under `plugins`.',
  },
  COMPETITION_AMBIGUOUS: {
    fault: 'config',
    retry: 'never',
    message: (p: { id: number; name?: string; known: readonly string[] }) =>
      `The schedule means ${p.name === undefined ? 'one' : p.name} of the competitions of number ${p.id}, and there are ${p.known.join(', ')}.`,
    hint: () => "Name it in the profile's schedule (name: ...), or name the one to judge by under `competitions`.",
  },
  LIBRARY_AMBIGUOUS: {
    fault: 'config',
    retry: 'never',
    message: (p: { wanted: readonly string[] }) =>
      `Different versions of the library are named: ${p.wanted.join('; ')}.`,
    hint: () =>
      'Say under `evaluator: { library: VERSION }` which one this validator follows, and name under `competitions` those that it judges by it.',
  },
  DATASET_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string; task: string; dataset: string; known: readonly string[] }) =>
      `Task ${p.task} of ${p.competition} draws from ${p.dataset}, which no installed package provides; there is ${p.known.join(', ') || 'none'}.`,
    hint: () => 'Add the package that provides the dataset under `plugins`.',
  },
});
