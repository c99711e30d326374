import { resolve } from 'node:path';
import { Command, Flags } from '@oclif/core';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { GivenUp } from '@assay/core/config/settings';
import type { EventSink } from '@assay/core/contracts/reporter';
import type { PluginRegistry } from '@assay/core/plugin/registry';
import type { LoadedConfig } from './load-config.js';
import { settingFlags, settingFlagsIn } from './setting-flags.js';

/** Flags that set a key of the config, by that key. */
const CONFIG_FLAGS: Readonly<Record<string, readonly string[]>> = {
  'data-dir': ['dataDir'],
  netuid: ['netuid'],
  'log-level': ['logLevel'],
  'sample-min': ['sampleMin'],
  'updated-models-limit': ['updatedModelsLimit'],
  offline: ['offline'],
  'dry-run': ['dryRun'],
  'read-only': ['readOnly'],
  'i-am-the-only-one': ['iAmTheOnlyOne'],
  'model-dir': ['store', 'dir'],
  device: ['evaluator', 'device'],
  'compute-type': ['evaluator', 'computeType'],
  attention: ['evaluator', 'attention'],
  library: ['evaluator', 'library'],
  hotkey: ['chain', 'hotkey'],
};

/** The config of a command, what it could not take of other software's names, and the installed packages. */
type WholeConfig = LoadedConfig & { registry: PluginRegistry; givenUp: readonly GivenUp[] };

/** Characters that JSON leaves as they are and that a terminal may obey, hide, or turn the text around by. */
const DECEIVING = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** The same document for every reader of JSON, with such characters as escapes. */
const jsonText = (document: unknown): string =>
  JSON.stringify(document).replace(
    DECEIVING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Of an error's message on a terminal. */
const LONGEST_LINE = 2000;

/** Paths that are typed in a shell start where the shell stands; those in the config file start beside it. */
const PATH_FLAGS = new Set(['data-dir', 'model-dir']);
const fromHere = (path: string): string => (path.startsWith('~') ? path : resolve(path));

export const commonFlags = {
  config: Flags.string({ char: 'c', description: 'Config file (YAML).', env: 'ASSAY_CONFIG' }),
  'data-dir': Flags.string({ description: 'Folder of the journal and everything else that is kept.' }),
  netuid: Flags.integer({ description: "Overrides the profile's netuid.", min: 0, max: 65_535 }),
  'log-level': Flags.string({
    description: 'Least level of the log on stderr.',
    options: ['debug', 'info', 'warn', 'error'],
  }),
  'read-only': Flags.boolean({ description: 'Sign nothing: no weights, no commitments, unsigned records.' }),
  ...settingFlags,
  json: Flags.boolean({ description: 'Answer in JSON on stdout.' }),
};

type ErrorReporting = Awaited<ReturnType<typeof loadErrorReporting>>;
const loadErrorReporting = () =>
  Promise.all([
    import('@assay/core/errors/describe'),
    import('@assay/core/errors/secrets'),
    import('@assay/core/errors/printable'),
  ]);

const outputLost = (reason: string): string =>
  `OUTPUT_UNWRITABLE: Standard output can't be written to: ${reason}\n  → Free space on its disk, or send it elsewhere.`;

const silent: EventSink = { report: () => undefined, close: () => Promise.resolve() };

/** What every command shares: config, composition, and errors that say what to do. Heavy modules load on use. */
export abstract class BaseCommand extends Command {
  #closing: (() => Promise<void>) | undefined;
  #reporting: ErrorReporting | undefined;
  /** Whether the command goes on when its output can't be written. */
  protected outputMayFail = false;

  /** What reports an error is loaded before anything can go wrong: without free file descriptors it can't be. */
  override async init(): Promise<void> {
    await super.init();
    this.#reporting = await loadErrorReporting();
    this.#watchOutput();
  }

  /** In place of the listener of oclif, which throws. Readers that have gone are no error, as everywhere. */
  #watchOutput(): void {
    process.stdout.removeAllListeners('error');
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (this.outputMayFail || error.code === 'EPIPE') return;
      if (process.exitCode === undefined) process.stderr.write(`${outputLost(error.message)}\n`);
      process.exitCode = 1;
    });
    // There is nowhere left to say it.
    process.stderr.on('error', () => undefined);
  }

  /** The config by Assay's own names; no package is loaded. */
  protected async plainConfig(flags: Readonly<Record<string, unknown>>): Promise<LoadedConfig> {
    const [{ loadConfig }, { loadDotEnv }] = await Promise.all([import('./load-config.js'), import('./dot-env.js')]);
    const file = typeof flags['config'] === 'string' ? flags['config'] : undefined;
    loadDotEnv(file);
    return loadConfig(file, configFromFlags(flags), process.env);
  }

  /** The whole config, and the packages that it names, that come along or that were installed. */
  protected async loadConfig(flags: Readonly<Record<string, unknown>>): Promise<WholeConfig> {
    const [{ withNamedDefaults, withSettings }, { loadPlugins }, { stderrLog }] = await Promise.all([
      import('./load-settings.js'),
      import('./load-plugins.js'),
      import('./logger.js'),
    ]);
    const plain = await this.plainConfig(flags);
    const given = { flags: settingFlagsIn(flags), variables: process.env };
    const { config, ...rest } = await withNamedDefaults(plain, given);
    const log = stderrLog(config.logLevel);
    const registry = await loadPlugins(config, rest.baseDir, this.config.dataDir, log);
    const loaded = await withSettings({ config, ...rest }, registry, given);
    return { ...loaded, registry };
  }

  /**
   * Everything that a container is built from; closed when the command ends, however it ends.
   * @param reporting makes the reporter out of the rest; without it nothing is reported
   */
  protected async surroundings(
    loaded: WholeConfig,
    mode: 'validate' | 'read',
    reporting: (rest: Omit<Surroundings, 'reporter'>) => Promise<EventSink> = () => Promise.resolve(silent),
  ): Promise<Surroundings> {
    const [
      { effectiveProfile },
      { requireRules },
      { systemClock },
      { Disposers },
      { stderrLog },
      { chainLines },
      { requireNamedSubnet },
    ] = await Promise.all([
      import('@assay/core/composition/compose-validator'),
      import('@assay/core/rules/require-rules'),
      import('@assay/core/runtime/system-clock'),
      import('@assay/core/runtime/disposers'),
      import('./logger.js'),
      import('./report/shown-values.js'),
      import('./load-settings.js'),
    ]);
    const { config, registry, resolvePath } = loaded;
    const profile = effectiveProfile(registry.profile(config.subnet), config);
    // Who only reads needs no rule that is not installed.
    if (mode === 'validate') {
      requireNamedSubnet(loaded);
      requireRules(registry.rules, profile);
    }
    const log = stderrLog(config.logLevel);
    for (const [message, context] of chainLines(loaded)) log('info', message, context);
    const disposers = new Disposers(log);
    this.#closing = () => disposers.disposeAll();
    const rest = {
      config,
      registry,
      profile,
      dataDir: resolvePath(config.dataDir),
      resolvePath,
      environment: process.env,
      clock: systemClock,
      log,
      disposers,
      mode,
    };
    const reporter = await reporting(rest);
    disposers.add('reporter', () => reporter.close());
    return { ...rest, reporter };
  }

  /** The command's answer on stdout: one JSON document, or text. */
  protected answer(json: boolean, document: unknown, text: () => string): void {
    this.log(json ? jsonText(document) : text());
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#closing?.();
    await super.finally(error);
  }

  protected override async catch(error: Error & { oclif?: unknown }): Promise<void> {
    // oclif's own errors (unknown flag, missing argument) know how to show themselves.
    if (error.oclif !== undefined) throw error;
    this.#reporting ??= await loadErrorReporting();
    const [{ toAssayError }, { withoutSecrets }, { printable }] = this.#reporting;
    const known = toAssayError(error);
    const { message, hint } = known.toReport();
    if (this.argv.includes('--json')) this.log(jsonText({ error: known.toReport() }));
    const lines = message.split('\n').map((line) => printable(line, LONGEST_LINE));
    process.stderr.write(`${known.code}: ${lines.join('\n')}\n  → ${hint}\n`);
    if (known.code === 'INTERNAL' && error.stack) process.stderr.write(`${withoutSecrets(error.stack)}\n`);
    process.exitCode = known.fault === 'config' ? 2 : 1;
  }
}

/** The flags that were given, as a layer of the config. */
function configFromFlags(flags: Readonly<Record<string, unknown>>): {
  values: Record<string, unknown>;
  names: Record<string, string>;
} {
  const values: Record<string, unknown> = {};
  const names: Record<string, string> = {};
  for (const [flag, path] of Object.entries(CONFIG_FLAGS)) {
    const value = flags[flag];
    if (value === undefined) continue;
    const [section = '', key] = path;
    const given = PATH_FLAGS.has(flag) && typeof value === 'string' ? fromHere(value) : value;
    const others = values[section] as Record<string, unknown> | undefined;
    values[section] = key === undefined ? given : { ...others, [key]: given };
    names[path.join('.')] = `--${flag}`;
  }
  if (flags['dont-set-weights'] === true) {
    values['setWeights'] = false;
    names['setWeights'] = '--dont-set-weights';
  }
  return { values, names };
}
