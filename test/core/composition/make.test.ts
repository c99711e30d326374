import { join } from 'node:path';
import { configSchema } from '@assay/core/config/schema';
import { buildContainer } from '@assay/core/composition/container';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { ROW_SOURCE, type RowSource } from '@assay/core/contracts/row-source';
import { AssayError } from '@assay/core/errors/assay-error';
import { checkPlugin } from '@assay/core/plugin/check';
import { choiceOf, type Choice } from '@assay/core/plugin/choice';
import { definePlugin, type Plugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { Disposers } from '@assay/core/runtime/disposers';
import { systemClock } from '@assay/core/runtime/system-clock';
import demo from '@assay/competition-demo';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { usesOf } from '../config/uses.js';

const { signal } = new AbortController();

/** Rows that say what becomes of them. */
class TellingRows implements RowSource {
  readonly maxInFlight = 1;

  constructor(
    readonly description: string,
    private readonly log: string[],
  ) {}

  page(): Promise<never> {
    return Promise.reject(new Error('nobody asks'));
  }

  splits(): Promise<[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    this.log.push(`closed ${this.description}`);
    return this.description === 'sour' ? Promise.reject(new Error('it does not close')) : Promise.resolve();
  }
}

interface Told {
  name: string;
  deps: PluginDeps;
}

/** `leaf` is made of nothing, `tree` of what its options choose, `growing` of itself with other options each time. */
function plugins(log: string[], told: Told[]): Plugin[] {
  const rowsOf = (
    name: string,
    options: z.ZodType,
    create: (given: never, deps: PluginDeps) => Promise<RowSource>,
  ): Plugin => definePlugin({ apiVersion: 1, name, provides: { rows: { options, create } } });
  const leaf = z.strictObject({ name: z.string().default('leaf') });
  const tree = z.strictObject({ of: z.array(choiceOf('rows')), fails: z.boolean().default(false) });
  const growing = z.strictObject({ size: z.number().default(0) });
  return [
    rowsOf('leaf', leaf, async ({ name }: z.infer<typeof leaf>, deps) => {
      told.push({ name, deps });
      return new TellingRows(name, log);
    }),
    rowsOf('tree', tree, async ({ of, fails }: z.infer<typeof tree>, deps) => {
      told.push({ name: 'tree', deps });
      const made = [];
      for (const choice of of) made.push(await deps.make('rows', choice));
      if (fails) throw new Error('no tree');
      return new TellingRows(`tree of ${made.map(({ description }) => description).join(', ')}`, log);
    }),
    rowsOf('growing', growing, ({ size }: z.infer<typeof growing>, deps) =>
      deps.make('rows', { use: 'growing', size: size + 1 }),
    ),
    rowsOf('echo', z.strictObject({}), (_options: object, deps) => deps.make('rows', { use: 'mirror' })),
    rowsOf('mirror', z.strictObject({}), (_options: object, deps) => deps.make('rows', { use: 'echo' })),
    rowsOf('stray', z.strictObject({}), (_options: object, deps) =>
      deps.make('competitions' as 'rows', { use: 'demo' }),
    ),
    needing(told),
    definePlugin({ apiVersion: 1, name: 'guest', provides: { modules: { leaf: ['file:///leaf.js'] } } }),
  ];
}

/** Rows that are ready but for what their option says. */
function needing(told: Told[]): Plugin {
  const options = z.strictObject({ lacks: z.enum(['nothing', 'folder', 'service', 'anything']) });
  const fault = { folder: 'config', service: 'network' } as const;
  return definePlugin({
    apiVersion: 1,
    name: 'needing',
    provides: {
      rows: {
        options,
        check: async ({ lacks }: z.infer<typeof options>, deps) => {
          told.push({ name: `check of ${lacks}`, deps });
          if (lacks === 'anything') throw new Error('no anything');
          if (lacks !== 'nothing')
            throw new AssayError({
              code: 'GONE',
              message: lacks,
              hint: '',
              fault: fault[lacks],
              retry: 'never',
              payload: {},
            });
        },
        create: async ({ lacks }: z.infer<typeof options>, deps) => {
          told.push({ name: `made in spite of ${lacks}`, deps });
          return new TellingRows(lacks, []);
        },
      },
    },
  });
}

interface World {
  log: string[];
  told: Told[];
  disposers: Disposers;
  rows: () => Promise<RowSource>;
}

function worldOf(rows: Choice, mode: Surroundings['mode'] = 'read'): World {
  const log: string[] = [];
  const told: Told[] = [];
  const registry = new PluginRegistry([
    checkPlugin('demo', demo),
    ...plugins(log, told).map((plugin) => checkPlugin(plugin.name, plugin)),
  ]);
  const disposers = new Disposers(
    (_level, message, details) => void log.push(`${message} ${String(details?.['name'])}`),
  );
  const surroundings: Surroundings = {
    config: configSchema.parse({ ...usesOf('leaf'), rows }),
    registry,
    profile: registry.profile('demo'),
    dataDir: '/data',
    resolvePath: (path) => path,
    environment: { KEY: 'value' },
    clock: systemClock,
    log: () => undefined,
    reporter: { report: () => undefined, close: () => Promise.resolve() },
    disposers,
    mode,
  };
  const container = buildContainer(surroundings, signal);
  return { log, told, disposers, rows: () => container.getAsync<RowSource>(ROW_SOURCE) };
}

describe('an implementation that is made of others', () => {
  const leaves = { use: 'tree', of: [{ use: 'leaf', name: 'a' }, { use: 'leaf', name: 'b' }, { use: 'leaf' }] };

  it('gets them made with their options, and is closed before them, the last one first', async () => {
    const { log, disposers, rows } = worldOf({ use: 'tree', of: [leaves, { use: 'leaf', name: 'c' }] });
    expect((await rows()).description).toBe('tree of tree of a, b, leaf, c');
    await disposers.disposeAll();
    const inner = ['closed tree of a, b, leaf', 'closed leaf', 'closed b', 'closed a'];
    expect(log).toEqual(['closed tree of tree of a, b, leaf, c', 'closed c', ...inner]);
  });

  it('gives each a data folder, modules and variables of its own', async () => {
    const { told, rows } = worldOf(leaves);
    await rows();
    const made = join('/data', 'rows', 'made', 'rows');
    expect(told.map(({ deps: { dataDir, modules, environment } }) => ({ dataDir, modules, environment }))).toEqual([
      { dataDir: join('/data', 'rows'), modules: [], environment: { KEY: 'value' } },
      ...['leaf', 'leaf.2', 'leaf.3'].map((folder) => ({
        dataDir: join(made, folder),
        modules: ['file:///leaf.js'],
        environment: { KEY: 'value' },
      })),
    ]);
  });

  it('closes them at once where it can not be made itself', async () => {
    const { log, rows } = worldOf({ ...leaves, fails: true });
    await expect(rows()).rejects.toThrow('no tree');
    expect(log).toEqual(['closed leaf', 'closed b', 'closed a']);
  });

  it('closes the others where one does not close', async () => {
    const sour = { use: 'leaf', name: 'sour' };
    const { log, disposers, rows } = worldOf({ use: 'tree', of: [{ use: 'leaf', name: 'a' }, sour] });
    await rows();
    await disposers.disposeAll();
    expect(log).toEqual(['closed tree of a, sour', 'closed sour', 'closed a']);
  });

  it('may be made of itself with other options', async () => {
    const { rows } = worldOf({ use: 'tree', of: [{ use: 'tree', of: [{ use: 'tree', of: [] }] }] });
    expect((await rows()).description).toBe('tree of tree of tree of ');
  });

  it.each<[what: string, choice: Choice, code: string, message: string]>([
    [
      'a name that nobody has',
      { use: 'tree', of: [{ use: 'attic' }] },
      'IMPLEMENTATION_UNKNOWN',
      'a rows named attic, of which rows (tree) is made; there is leaf, tree,',
    ],
    [
      'options that its schema refuses',
      { use: 'tree', of: [{ use: 'leaf', nam: 'a' }] },
      'OPTIONS_INVALID',
      'rows (leaf) in rows (tree)',
    ],
    ['a circle of two', { use: 'echo' }, 'PLUGIN_CIRCLE', 'rows (echo) of rows (mirror) of rows (echo)'],
    ['itself without end', { use: 'growing' }, 'PLUGIN_CIRCLE', 'rows (growing) of rows (growing)'],
    ['what is no contract', { use: 'stray' }, 'IMPLEMENTATION_UNKNOWN', 'a competitions named demo'],
  ])('refuses %s', async (_what, choice, code, message) => {
    const { rows } = worldOf(choice);
    await expect(rows()).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });
});

describe('the check of an implementation', () => {
  it.each<[lacks: string, mode: Surroundings['mode'], code: string | undefined, told: string[]]>([
    ['nothing', 'validate', undefined, ['check of nothing', 'made in spite of nothing']],
    ['folder', 'validate', 'GONE', ['check of folder']],
    ['anything', 'validate', 'IMPLEMENTATION_NOT_READY', ['check of anything']],
    ['service', 'validate', undefined, ['check of service', 'made in spite of service']],
    ['folder', 'read', undefined, ['made in spite of folder']],
  ])('that lacks %s, to %s', async (lacks, mode, code, expected) => {
    for (const within of [false, true]) {
      const choice = { use: 'needing', lacks };
      const { told, rows } = worldOf(within ? { use: 'tree', of: [choice] } : choice, mode);
      const made = await rows().catch((error: unknown) => error);
      expect(made instanceof Error ? made : undefined).toEqual(code && expect.objectContaining({ code }));
      expect(told.map(({ name }) => name).filter((name) => name !== 'tree')).toEqual(expected);
    }
  });
});
