import type { z } from 'zod';
import type { Clock } from '../contracts/clock.js';
import type { DatasetProvider, DocumentSource } from '../contracts/dataset-provider.js';
import type { Log } from '../contracts/logger.js';
import type { Reporter } from '../contracts/reporter.js';
import type { RowSource } from '../contracts/row-source.js';
import type { Competition, CompetitionInput } from '../competition/competition.js';
import type { SubnetProfile, SubnetProfileInput } from '../competition/profile.js';
import type { RuleProvisions } from '../rules/built-in.js';
import type { Choice } from './choice.js';
import type { ContractName, Contracts } from './contracts.js';

/** Version of this shape; a plugin of another one is refused before boot. */
export const PLUGIN_API_VERSION = 1;

/** What every factory is given. Paths are absolute. */
export interface PluginDeps {
  clock: Clock;
  /** Folder in which this implementation may keep files of its own. */
  dataDir: string;
  netuid: number;
  /** Version of the library by which the subnet judges: config, competitions or profile say it; absent where none does. */
  library?: string;
  /** Modules that other packages bring for this plugin, as file URLs: see `Provisions.modules`. */
  modules: readonly string[];
  /** Variables of the process and of .env. Some are secrets: they are read where they are needed and go nowhere else. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Progress and trouble of the implementation, for the log on stderr. */
  log: Log;
  /** A path from the config as an absolute one: `~` expanded, the rest relative to the config file's folder. */
  resolvePath: (path: string) => string;
  /**
   * Makes another implementation, so that a plugin may be made of plugins: an evaluator of evaluators, rows of rows. Its
   * options are checked, and it gets a data folder, modules and variables, as if the config had chosen it. It is closed
   * after the one that it is made for, which need not close it. A `store` is made as its source, without a keeper.
   * @throws IMPLEMENTATION_UNKNOWN, OPTIONS_INVALID, PLUGIN_CIRCLE, whatever its `create` throws
   */
  make: <Name extends ContractName>(contract: Name, choice: Choice) => Promise<Contracts[Name]['serves']>;
}

/** One thing that an operator is asked when a config file is written. Plain data. */
export interface Question {
  /** Key of the option, with dots where it lies deeper. */
  key: string;
  question: string;
  /** `path` is a file or folder, `choice` one of `choices`. */
  kind: 'text' | 'number' | 'boolean' | 'path' | 'choice';
  choices?: readonly string[];
  /** What an empty answer means; there has to be an answer where it is left out. */
  default?: string | number | boolean;
}

/** An option under the names by which operators know it from other software. Plain data. */
export interface Setting {
  /** Path of the option below the contract's key, with dots where it lies deeper: `wallet.name`. */
  option: string;
  /** Flags of the command line, as they are written: `--wallet.name`. The command line has a fixed list of them. */
  flags?: readonly string[];
  /** Variables of the environment; the first that is set counts. */
  variables?: readonly string[];
  /** Keys at the top of YAML files that other software keeps; `~` is the home folder. */
  files?: readonly { path: string; key: string }[];
  /** `path` starts where the shell stands, `list` has commas between its values; `text` when left out. */
  kind?: 'text' | 'path' | 'list';
  /** Options whose place this one takes: of two that are given, the stronger layer's counts, and this one within a layer. */
  insteadOf?: readonly string[];
}

/** One implementation of a contract. `Options` are checked by `options` before `create` sees them. */
export interface Implementation<Options, Extra, Contract> {
  /** zod schema of the options in the config file, beside `use`. */
  options: z.ZodType<Options>;
  /**
   * Rejects with a coded error that says what is missing where something that it needs is not there: a file, a folder, a
   * program, a device. It runs before `create`, at the start of a run, and makes and keeps nothing.
   */
  check?(options: Options, deps: PluginDeps & Extra, signal: AbortSignal): Promise<void>;
  /** What an operator has to decide, most important first. */
  questions?: readonly Question[];
  /** Options that other software names too: the command line reads these names beside its own. */
  settings?: readonly Setting[];
  create(options: Options, deps: PluginDeps & Extra, signal: AbortSignal): Promise<Contract>;
}

// Options differ by plugin; the schema that checks them stands beside the factory that takes them.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyImplementation<Extra, Contract> = Implementation<any, Extra, Contract>;

export interface DatasetDeps extends PluginDeps {
  /** Rows from the source that the config names. */
  rows: RowSource;
}

/** What a dataset needs beside the network, as plain data, so that it can be shown and checked without running anything. */
export interface CredentialNeed {
  /** All of them are needed. */
  variables: readonly string[];
  /** Page that tells how to get it, or where to accept the terms. */
  page: string;
  /** Files that may hold it instead: `~` is the home folder, `${NAME}` a variable; one that is not set leaves the file out. */
  files?: readonly string[];
}

/** What a dataset needs is checked by its `requireAccess`. */
export interface DatasetImplementation<Options = unknown> extends Omit<
  Implementation<Options, { rows: RowSource }, DatasetProvider | DocumentSource>,
  'check'
> {
  /** As data, or by the options where these decide. */
  credentials?: readonly CredentialNeed[] | ((options: Options) => readonly CredentialNeed[]);
}

export interface ChainImplementation extends AnyImplementation<
  Contracts['chain']['given'],
  Contracts['chain']['serves']
> {
  /** Whether a hotkey of this chain made the signature; false for anything malformed. Needs no connection. */
  verifySignature(message: Uint8Array, signature: Uint8Array, hotkey: string): Promise<boolean>;
}

/** At most one implementation of each contract: the config file chooses it by the plugin's name. */
export type Implementations = {
  [Name in ContractName]?: AnyImplementation<Contracts[Name]['given'], Contracts[Name]['serves']>;
};

export interface ReporterImplementation<Options = unknown> extends Implementation<Options, object, Reporter> {
  /** Whether events leave this machine; such a reporter is left out of a run that is offline. */
  remote?: boolean;
}

/** Everything that a package may bring. */
export interface Provisions extends Implementations, RuleProvisions {
  chain?: ChainImplementation;
  /** By name, as `use` in the config's list of reporters says it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  reporters?: Readonly<Record<string, ReporterImplementation<any>>>;
  /** By dataset id, e.g. `tiiuae/falcon-refinedweb`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  datasets?: Readonly<Record<string, DatasetImplementation<any>>>;
  competitions?: readonly CompetitionInput[];
  /**
   * Modules for another plugin, by its name, e.g. architectures for an evaluator: file URLs
   * (`new URL('./my-architecture.js', import.meta.url).href`). What they export, that plugin says; it loads them where it
   * works, be that another process.
   */
  modules?: Readonly<Record<string, readonly string[]>>;
  /**
   * For a plugin that takes modules: rejects with a coded error when this file URL can't serve as one. It runs when a
   * package is installed or checked, so that the package's author hears of it and not a validator at its start.
   */
  checkModule?: (url: string) => Promise<void>;
  /** By name, as `subnet:` in the config file says it. */
  profiles?: Readonly<Record<string, SubnetProfileInput>>;
}

/** A plain object: a package's default export. `definePlugin` only gives it its type. */
export interface Plugin {
  apiVersion: number;
  name: string;
  provides: Provisions;
}

/** A plugin that has passed every check, its competitions and profiles in their full spelling. */
export interface CheckedPlugin extends Plugin {
  provides: CheckedProvisions;
}

export interface CheckedProvisions extends Omit<Provisions, 'competitions' | 'profiles'> {
  competitions?: readonly Competition[];
  profiles?: Readonly<Record<string, SubnetProfile>>;
}

export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
