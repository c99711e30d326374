import { buildCompetitions, chosenCompetitions } from '@assay/core/composition/competitions';
import { buildContainer } from '@assay/core/composition/container';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { Competition } from '@assay/core/competition/competition';
import type { ScheduleEntry } from '@assay/core/competition/profile';
import { configErrors } from '@assay/core/config/errors';
import { configSchema } from '@assay/core/config/schema';
import type { RunEvent } from '@assay/core/contracts/reporter';
import { datasetErrors } from '@assay/core/datasets/errors';
import type { AssayError } from '@assay/core/errors/assay-error';
import { profileSchema } from '@assay/core/competition/profile-schema';
import { checkPlugin } from '@assay/core/plugin/check';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { Disposers } from '@assay/core/runtime/disposers';
import { systemClock } from '@assay/core/runtime/system-clock';
import demo from '@assay/competition-demo';
import { demoProfile } from '@assay/competition-demo/dist/profile.js';
import { describe, expect, it } from 'vitest';
import { usesOf } from '../config/uses.js';

const { signal } = new AbortController();
const anything = { safeParse: (value: unknown) => ({ success: true, data: value }) };
const made = (what: object) => ({ options: anything, create: () => Promise.resolve(what) });

const competition = (id: number, name: string, dataset = 'open'): Competition => ({
  id,
  name,
  constraints: {
    minParameters: 1,
    maxParameters: 2,
    maxBytes: 3,
    architectures: ['LlamaForCausalLM'],
    sequenceLength: 4,
  },
  tokenizer: { kind: 'builtin', name: 'cl100k_base' },
  epsilon: { rule: 'fixed', epsilon: 0 },
  tasks: [
    {
      name: 't',
      kind: 'text-loss',
      dataset,
      pages: 1,
      batchSize: 1,
      packSamples: true,
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  match: { rule: 'mean-loss' },
  onDatasetFailure: 'skip-round',
});

const schedule: ScheduleEntry[] = [
  { fromBlock: 0, competitions: [{ id: 7, name: 'first', share: 1 }] },
  {
    fromBlock: 100,
    competitions: [
      { id: 7, name: 'second', share: 0.5 },
      { id: 8, share: 0.5 },
    ],
  },
  { fromBlock: 200, competitions: [{ id: 7, name: 'gated', share: 1 }] },
];

/** What evaluator and inspector say that they know. */
interface Known {
  evaluator?: readonly string[];
  inspector?: readonly string[];
}

/** @param refusal what the gated dataset says when it is looked at */
function surroundings(
  given: Readonly<Record<string, unknown>> = {},
  refusal?: Error,
  places: ScheduleEntry[] = schedule,
  known: Known = {},
): Surroundings & { events: RunEvent[]; logged: string[] } {
  const use = { use: 'all' };
  const registry = new PluginRegistry([
    checkPlugin('demo', demo),
    checkPlugin('all', {
      apiVersion: 1,
      name: 'all',
      provides: {
        evaluator: made({ kinds: ['text-loss'], architectures: () => Promise.resolve(known.evaluator) }),
        inspector: made(known.inspector ? { architectures: () => Promise.resolve(known.inspector) } : {}),
        tokenizer: made({ load: () => Promise.resolve({}) }),
        rows: made({}),
        datasets: {
          open: made({ sample: () => Promise.resolve() }),
          gated: made({
            sample: () => Promise.resolve(),
            requireAccess: () => (refusal ? Promise.reject(refusal) : Promise.resolve()),
          }),
        },
      },
    }),
    checkPlugin('package', {
      apiVersion: 1,
      name: 'package',
      provides: { competitions: [competition(7, 'first'), competition(7, 'second'), competition(7, 'gated', 'gated')] },
    }),
    checkPlugin('other', { apiVersion: 1, name: 'other', provides: { competitions: [competition(8, 'lone')] } }),
  ]);
  const [events, logged]: [RunEvent[], string[]] = [[], []];
  return {
    config: configSchema.parse({ ...usesOf(use.use), ...given }),
    registry,
    profile: { ...profileSchema.parse(demoProfile), schedule: places },
    dataDir: '/nowhere',
    resolvePath: (path) => path,
    environment: {},
    clock: systemClock,
    log: (_level, message) => void logged.push(message),
    reporter: { report: (event) => void events.push(event), close: () => Promise.resolve() },
    disposers: new Disposers(() => undefined),
    mode: 'read',
    events,
    logged,
  };
}

const namesAt = (given: Readonly<Record<string, unknown>>, block: number, places?: ScheduleEntry[]): string[] =>
  [...chosenCompetitions(surroundings(given, undefined, places), block).values()].map(({ name }) => name);

describe('a schedule', () => {
  it('says by name which competition a number means, and what is over is left out', async () => {
    const around = surroundings();
    const built = await buildCompetitions(buildContainer(around, signal), around, 0, signal);
    expect([0, 99, 100, 150, 200].map((block) => built.at(7, block)?.competition.name)).toEqual([
      'first',
      'first',
      'second',
      'second',
      'gated',
    ]);
    expect([built.at(8, 0), built.at(8, 150)?.competition.name, built.at(8, 200)]).toEqual([
      undefined,
      'lone',
      undefined,
    ]);
    expect(namesAt({}, 150)).toEqual(['second', 'lone', 'gated']);
    expect(namesAt({}, 500)).toEqual(['gated']);
  });

  it('is narrowed by the competitions, or the packages, that the config names', () => {
    expect(namesAt({ competitions: ['other'] }, 0)).toEqual(['lone']);
    expect(namesAt({ competitions: ['package'] }, 0)).toEqual(['first', 'second', 'gated']);
  });

  it('gives way to the one competition of a number that the config names', async () => {
    expect(namesAt({ competitions: ['second'] }, 0)).toEqual(['second', 'second', 'second'].slice(0, 3));
    const around = surroundings({ competitions: ['second'] });
    const built = await buildCompetitions(buildContainer(around, signal), around, 0, signal);
    expect([0, 100, 200].map((block) => built.at(7, block)?.competition.name)).toEqual(['second', 'second', 'second']);
  });

  it('that leaves open which of several it means is refused', () => {
    const open = [{ fromBlock: 0, competitions: [{ id: 7, share: 1 }] }];
    expect(() => namesAt({}, 0, open)).toThrow(
      expect.objectContaining({
        code: 'COMPETITION_AMBIGUOUS',
        payload: { id: 7, known: ['first', 'second', 'gated'] },
      }) as Error,
    );
    expect(namesAt({ competitions: ['first'] }, 0, open)).toEqual(['first']);
  });
});

describe('an allowed architecture', () => {
  const build = async (known: Known): Promise<void> => {
    const around = surroundings({}, undefined, schedule, known);
    await buildCompetitions(buildContainer(around, signal), around, 0, signal);
  };

  it.each<[by: string, known: Known]>([
    ['evaluator', { evaluator: ['GPT2LMHeadModel'], inspector: ['LlamaForCausalLM'] }],
    ['inspector', { evaluator: ['LlamaForCausalLM'], inspector: ['GPT2LMHeadModel'] }],
  ])('that the %s does not know ends the start', async (by, known) => {
    await expect(build(known)).rejects.toMatchObject({
      code: 'ARCHITECTURES_UNSUPPORTED',
      payload: { competition: 'first', architectures: ['LlamaForCausalLM'], by, supported: ['GPT2LMHeadModel'] },
    });
  });

  it('that both know, or of which nothing is said, does not', async () => {
    await build({ evaluator: ['LlamaForCausalLM'], inspector: ['LlamaForCausalLM', 'GPT2LMHeadModel'] });
    await build({});
  });
});

describe('credentials', () => {
  const refused = (): AssayError =>
    datasetErrors.CREDENTIAL_MISSING({ variables: ['HF_TOKEN'], dataset: 'gated', page: 'https://x' });
  const build = async (
    block: number,
    refusal: Error,
  ): Promise<Surroundings & { events: RunEvent[]; logged: string[] }> => {
    const around = surroundings({}, refusal);
    await buildCompetitions(buildContainer(around, signal), around, block, signal);
    return around;
  };

  it('that are needed now and missing end the start', async () => {
    await expect(build(200, refused())).rejects.toMatchObject({ code: 'CREDENTIAL_MISSING' });
  });

  it('are not all that can be known: nor does a run begin whose file is not there', async () => {
    await expect(build(200, configErrors.ENV_FILE_UNREADABLE({ path: '/x', reason: 'ENOENT' }))).rejects.toMatchObject({
      code: 'ENV_FILE_UNREADABLE',
    });
  });

  it('that will be needed later are told', async () => {
    expect((await build(0, refused())).events).toMatchObject([
      { event: 'warning', error: { code: 'CREDENTIAL_MISSING' } },
    ]);
  });

  it("that nobody can judge now are the rounds' business", async () => {
    const { events, logged } = await build(200, datasetErrors.REQUEST_FAILED({ what: 'it', reason: 'down' }));
    expect([events, logged]).toEqual([[], ['whether a dataset can be read was not found out']]);
  });
});
