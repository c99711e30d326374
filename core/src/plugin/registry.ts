import type { Competition } from '../competition/competition.js';
import type { SubnetProfile } from '../competition/profile.js';
import { configErrors } from '../config/errors.js';
import { issueLines, messageOf } from '../errors/describe.js';
import type { ContractName } from './contracts.js';
import { RuleBook } from '../rules/rule-book.js';
import type { CheckedPlugin, CheckedProvisions, Provisions } from './plugin.js';

type FactoryOf<C extends ContractName> = NonNullable<Provisions[C]>;
type DatasetFactory = NonNullable<Provisions['datasets']>[string];
type ReporterFactory = NonNullable<Provisions['reporters']>[string];

/** All installed plugins by what they provide. Nothing of them has run yet. */
export class PluginRegistry {
  readonly #competitions: ReadonlyMap<string, { plugin: string; item: Competition }>;
  readonly #datasets: ReadonlyMap<string, { plugin: string; item: DatasetFactory }>;
  readonly #reporters: ReadonlyMap<string, { plugin: string; item: ReporterFactory }>;
  readonly #profiles: ReadonlyMap<string, { plugin: string; item: SubnetProfile }>;

  /** Every installed rule. */
  readonly rules: RuleBook;

  constructor(private readonly plugins: readonly CheckedPlugin[]) {
    this.rules = new RuleBook(plugins);
    index('plugin', plugins, ({ name }) => [[name, name]]);
    this.#competitions = index('competition', plugins, ({ provides }) =>
      (provides.competitions ?? []).map((item) => [item.name, item]),
    );
    this.#datasets = index('dataset', plugins, ({ provides }) => Object.entries(provides.datasets ?? {}));
    this.#reporters = index('reporter', plugins, ({ provides }) => Object.entries(provides.reporters ?? {}));
    this.#profiles = index('subnet profile', plugins, ({ provides }) => Object.entries(provides.profiles ?? {}));
  }

  /** Of the plugins, as the config names them. */
  names(): string[] {
    return this.plugins.map(({ name }) => name);
  }

  /** With one more, in place of one of its name. */
  with(plugin: CheckedPlugin): PluginRegistry {
    return new PluginRegistry([...this.plugins.filter(({ name }) => name !== plugin.name), plugin]);
  }

  /**
   * @param within what is made of it, for the error
   * @throws IMPLEMENTATION_UNKNOWN
   */
  factory<C extends ContractName>(contract: C, use: string, within?: string): FactoryOf<C> {
    const factory = this.find(contract, use);
    if (factory) return factory;
    const known = this.plugins.filter(({ provides }) => provides[contract]).map(({ name }) => name);
    throw configErrors.IMPLEMENTATION_UNKNOWN({ contract, use, known, ...(within === undefined ? {} : { within }) });
  }

  find<C extends ContractName>(contract: C, use: string): CheckedProvisions[C] {
    return this.plugins.find(({ name }) => name === use)?.provides[contract];
  }

  /** @throws IMPLEMENTATION_UNKNOWN */
  reporter(use: string): ReporterFactory {
    const found = this.#reporters.get(use);
    if (found) return found.item;
    throw configErrors.IMPLEMENTATION_UNKNOWN({ contract: 'reporter', use, known: [...this.#reporters.keys()] });
  }

  /** What other packages bring for a plugin. */
  modulesFor(plugin: string): string[] {
    return this.plugins.flatMap(({ provides }) => provides.modules?.[plugin] ?? []);
  }

  profile(subnet: string): SubnetProfile {
    const found = this.#profiles.get(subnet);
    if (!found) throw configErrors.PROFILE_UNKNOWN({ subnet, known: [...this.#profiles.keys()] });
    return found.item;
  }

  competition(name: string): Competition {
    const found = this.#competitions.get(name);
    if (!found) throw configErrors.COMPETITION_UNKNOWN({ name, known: [...this.#competitions.keys()] });
    return found.item;
  }

  /** Those of a package, or the one of that name. @throws COMPETITION_UNKNOWN */
  competitionsOf(name: string): readonly Competition[] {
    return this.plugins.find((plugin) => plugin.name === name)?.provides.competitions ?? [this.competition(name)];
  }

  competitions(): Competition[] {
    return [...this.#competitions.values()].map(({ item }) => item);
  }

  /** Name of the package's plugin that has it. */
  pluginOf(competition: string): string | undefined {
    return this.#competitions.get(competition)?.plugin;
  }

  profiles(): SubnetProfile[] {
    return [...this.#profiles.values()].map(({ item }) => item);
  }

  findDataset(id: string): DatasetFactory | undefined {
    return this.#datasets.get(id)?.item;
  }

  dataset(competition: Competition, task: string, dataset: string): DatasetFactory {
    const found = this.findDataset(dataset);
    if (found) return found;
    throw configErrors.DATASET_UNKNOWN({
      competition: competition.name,
      task,
      dataset,
      known: [...this.#datasets.keys()],
    });
  }
}

/** The options of an implementation, checked by its own schema, defaults filled. */
export function checkedOptions<Options>(
  where: string,
  schema: { safeParse: (value: unknown) => { success: true; data: Options } | { success: false; error: unknown } },
  options: Readonly<Record<string, unknown>>,
): Options {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  // A package's schema need not be zod's.
  throw configErrors.OPTIONS_INVALID({ where, issues: issueLines(parsed.error) ?? [messageOf(parsed.error)] });
}

/** Items by key over all plugins; two plugins with the same key stop the start. */
function index<T>(
  what: string,
  plugins: readonly CheckedPlugin[],
  items: (plugin: CheckedPlugin) => readonly (readonly [key: string, item: T])[],
): Map<string, { plugin: string; item: T }> {
  const found = new Map<string, { plugin: string; item: T }>();
  for (const plugin of plugins) {
    for (const [key, item] of items(plugin)) {
      const other = found.get(key);
      if (other) throw configErrors.PLUGIN_DUPLICATE({ what, id: key, plugins: [other.plugin, plugin.name] });
      found.set(key, { plugin: plugin.name, item });
    }
  }
  return found;
}
