import { readdirSync } from 'node:fs';
import { buildCompetition, buildCompetitions, chosenCompetitions } from '@assay/core/composition/competitions';
import { buildContainer } from '@assay/core/composition/container';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { Competition } from '@assay/core/competition/competition';
import { configSchema } from '@assay/core/config/schema';
import { EVALUATOR, MODEL_INSPECTOR } from '@assay/core/contracts/evaluator';
import { MODEL_STORE } from '@assay/core/contracts/model-store';
import type { RunEvent } from '@assay/core/contracts/reporter';
import { checkPlugin } from '@assay/core/plugin/check';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { Disposers } from '@assay/core/runtime/disposers';
import { systemClock } from '@assay/core/runtime/system-clock';
import demo from '@assay/competition-demo';
import { describe, expect, it } from 'vitest';
import { usesOf } from '../config/uses.js';
import { newFolder } from '../../e2e/world.js';

const modelsFolder = newFolder();

/** A schema of nobody's: only what core calls. */
const anything = { safeParse: (value: unknown) => ({ success: true, data: value }) };

/** A plugin that says what becomes of it; core knows nothing of it but its shape. */
function telling(log: string[], kinds: readonly string[] = ['text-loss']): unknown {
  const made = (
    name: string,
    more: object = {},
  ): { options: unknown; create: (options: unknown) => Promise<object> } => ({
    options: anything,
    create: (options) => {
      log.push(`made ${name} ${JSON.stringify(options)}`);
      return Promise.resolve({ ...more, close: () => Promise.resolve(log.push(`closed ${name}`)) });
    },
  });
  const tokenizer = {
    name: 'none',
    digest: '',
    eosTokenId: 0,
    vocabularySize: 1,
    modelMaxLength: 1,
    encode: () => [],
    decode: () => '',
  };
  return {
    apiVersion: 1,
    name: 'telling',
    provides: {
      store: made('store', { list: () => Promise.resolve({ files: [], totalBytes: 0 }), open: () => [] }),
      evaluator: made('evaluator', { kinds }),
      inspector: made('inspector'),
      tokenizer: made('tokenizer', { load: () => Promise.resolve(tokenizer) }),
      rows: made('rows'),
      datasets: { 'local-text': made('dataset', { sample: () => Promise.resolve() }) },
    },
  };
}

function surroundingsOf(
  log: string[],
  given: Readonly<Record<string, unknown>> = {},
  kinds?: readonly string[],
): Surroundings & { events: RunEvent[] } {
  const use = { use: 'telling' };
  const config = configSchema.parse({
    ...usesOf('telling'),
    store: { ...use, repos: '/r', dir: modelsFolder },
    evaluator: use,
    inspector: use,
    tokenizer: use,
    rows: use,
    ...given,
  });
  const registry = new PluginRegistry([checkPlugin('telling', telling(log, kinds)), checkPlugin('demo', demo)]);
  const events: RunEvent[] = [];
  return {
    config,
    registry,
    profile: registry.profile('demo'),
    dataDir: '/nowhere',
    resolvePath: (path) => path,
    environment: {},
    clock: systemClock,
    log: () => undefined,
    reporter: { report: (event) => void events.push(event), close: () => Promise.resolve() },
    disposers: new Disposers(() => undefined),
    mode: 'read',
    events,
  };
}

const { signal } = new AbortController();

describe('buildContainer', () => {
  it('makes what is asked for, once, with its options alone; closes in reverse order', async () => {
    const log: string[] = [];
    const surroundings = surroundingsOf(log);
    const container = buildContainer(surroundings, signal);
    expect(log).toEqual([]);
    const store = await container.getAsync(MODEL_STORE);
    expect(await container.getAsync(MODEL_STORE)).toBe(store);
    await container.getAsync(EVALUATOR);
    expect(readdirSync(modelsFolder).sort()).toContain('models');
    await surroundings.disposers.disposeAll();
    expect(log).toEqual(['made store {"repos":"/r"}', 'made evaluator {}', 'closed evaluator', 'closed store']);
  });

  it('refuses a store that is no source of models', async () => {
    const surroundings = surroundingsOf([], { store: { use: 'telling', dir: modelsFolder } });
    const broken = checkPlugin('telling', {
      ...Object(telling([])),
      provides: { store: { options: anything, create: () => Promise.resolve({ fetch: () => undefined }) } },
    });
    const container = buildContainer({ ...surroundings, registry: surroundings.registry.with(broken) }, signal);
    await expect(container.getAsync(MODEL_STORE)).rejects.toMatchObject({ code: 'PLUGIN_MALFORMED' });
  });

  it('never starts what nobody asks for', async () => {
    const log: string[] = [];
    await buildContainer(surroundingsOf(log), signal).getAsync(MODEL_INSPECTOR);
    expect(log).toEqual(['made inspector {}']);
  });

  it('refuses an implementation that is not there when it is asked for', async () => {
    const container = buildContainer(surroundingsOf([], { store: { use: 'attic' } }), signal);
    await expect(container.getAsync(MODEL_STORE)).rejects.toMatchObject({
      code: 'IMPLEMENTATION_UNKNOWN',
      payload: { known: ['telling'] },
    });
  });
});

describe('competitions', () => {
  it("each has a dataset of its own, with the task's options and the config's over them", async () => {
    const log: string[] = [];
    const surroundings = surroundingsOf(log, { datasets: { 'local-text': { pageRows: 9 } } });
    const built = await buildCompetitions(buildContainer(surroundings, signal), surroundings, 0, signal);
    expect(built.ids).toEqual([1, 2]);
    const [one, two] = [built.at(1, 0), built.at(2, 0)].map((runtime) => runtime?.datasets.get('sqlite-docs'));
    expect(one).toBeDefined();
    expect(one).not.toBe(two);
    expect(log.filter((line) => line.startsWith('made dataset'))).toEqual(
      Array(2).fill(expect.stringMatching(/"pageRows":9/)),
    );
    expect(log.filter((line) => line.startsWith('made tokenizer'))).toHaveLength(1);
  });

  it('without a tokenizer start none, know how many ids there are, and can not encode', async () => {
    const log: string[] = [];
    const surroundings = surroundingsOf(log);
    const tokenised: Competition = {
      ...surroundings.registry.competition('demo-docs'),
      tokenizer: { kind: 'none', vocabularySize: 1024 },
    };
    const container = buildContainer(surroundings, signal);
    const { tokenizer } = await buildCompetition(container, tokenised, { ...surroundings, isNeeded: true }, signal);
    expect(tokenizer.vocabularySize).toBe(1024);
    expect(() => tokenizer.encode('text')).toThrow(expect.objectContaining({ code: 'TOKENIZER_NOT_USED' }) as Error);
    expect(log.filter((line) => line.startsWith('made tokenizer'))).toEqual([]);
  });

  it("whose tasks the evaluator can't do are left out, and that is told", async () => {
    const surroundings = surroundingsOf([], {}, ['word-error-rate']);
    const built = await buildCompetitions(buildContainer(surroundings, signal), surroundings, 0, signal);
    expect(built.ids).toEqual([]);
    expect(surroundings.events).toMatchObject([
      { event: 'warning', error: { code: 'KIND_UNSUPPORTED' } },
      { event: 'warning', error: { code: 'KIND_UNSUPPORTED' } },
    ]);
  });

  it('are judged by the match rule that the config names for them', () => {
    const surroundings = surroundingsOf([], {
      competitions: ['demo-docs'],
      match: { 'demo-docs': { rule: 'per-batch' } },
      comparison: { 'demo-docs': 'mean-loss' },
    });
    expect([...chosenCompetitions(surroundings, 0).values()].map(({ match }) => match)).toEqual([
      { rule: 'per-batch' },
    ]);
  });

  it('are those that the config names, with its overrides', () => {
    const surroundings = surroundingsOf([], {
      competitions: ['demo-docs'],
      comparison: { 'demo-docs': 'per-sequence' },
      onDatasetFailure: { 'demo-docs': 'renormalise' },
    });
    expect(
      [...chosenCompetitions(surroundings, 0).values()].map(({ name, match, onDatasetFailure }: Competition) => [
        name,
        match.rule,
        onDatasetFailure,
      ]),
    ).toEqual([['demo-docs', 'per-batch', 'renormalise']]);
  });
});
