import { describe, expect, it } from 'vitest';
import type { EvalTask } from '@assay/core/competition/competition';
import type { DatasetProvider } from '@assay/core/contracts/dataset-provider';
import type { RunEvent } from '@assay/core/contracts/reporter';
import { profileSchema } from '@assay/core/competition/profile-schema';
import { TASK_KINDS } from '@assay/core/kinds/task-kinds';
import { rulesByBlock } from '@assay/core/rules/chosen';
import { RuleBook } from '@assay/core/rules/rule-book';
import { drawSamples, type DrawnTask } from '@assay/core/runtime/round/sample';
import { systemClock } from '@assay/core/runtime/system-clock';
import { demoProfile } from '@assay/competition-demo/dist/profile.js';
import { datasetErrors } from '@assay/core/datasets/errors';
import { errorOf } from '../../error-of.js';
import { letters } from '../../letters.js';
import { scratchFolder } from '../../plugins/onnxruntime/scratch.js';
import { COMPETITION } from './subnet.js';

const base: EvalTask = {
  name: 't',
  kind: 'text-loss',
  dataset: 'none',
  pages: 1,
  batchSize: 1,
  packSamples: true,
  weight: 1,
  normalization: { type: 'none' },
};
const fine: DatasetProvider = {
  sample: () =>
    Promise.resolve({
      batches: Array.from({ length: 60 }, (_none, index) => [[index, 1, 2, 3]]),
      pages: ['p'],
      source: 's',
    }),
};
const broken: DatasetProvider = { sample: () => Promise.reject(new Error('no rows today')) };
const silent: DatasetProvider = { sample: () => new Promise(() => undefined) };

async function draw(
  datasets: readonly DatasetProvider[],
  onDatasetFailure: 'skip-round' | 'renormalise',
  maxBatches?: number,
): Promise<{ tasks: DrawnTask[]; warnings: string[] }> {
  const warnings: string[] = [];
  const reporter = {
    report: (event: RunEvent): void => {
      if (event.event === 'warning') warnings.push(event.error.message);
    },
    close: () => Promise.resolve(),
  };
  const tasks = datasets.map((_dataset, index) => ({
    ...base,
    ...(maxBatches === undefined ? {} : { maxBatches }),
    name: `t${index}`,
    weight: 1 / datasets.length,
  }));
  const competition = { ...COMPETITION, tasks, onDatasetFailure };
  const demo = profileSchema.parse(demoProfile);
  const profile = { ...demo, cadences: { ...demo.cadences, roundDeadline: 800 } };
  const entry = {
    competition,
    kinds: TASK_KINDS,
    rulesAt: rulesByBlock(new RuleBook(), profile, competition),
    tokenizer: letters,
    datasets: new Map(datasets.map((dataset, index) => [`t${index}`, dataset])),
  };
  const { signal } = new AbortController();
  const deps = { reporter, clock: systemClock, profile };
  return { tasks: await drawSamples(deps, entry, 3n, scratchFolder(), signal), warnings };
}

describe('samples of a round', () => {
  it('are all batches, or the first of the shuffled ones', async () => {
    expect((await draw([fine], 'skip-round')).tasks.map(({ batches }) => batches)).toEqual([60]);
    expect((await draw([fine], 'skip-round', 50)).tasks.map(({ batches }) => batches)).toEqual([50]);
  });

  it.each([
    ['broken', broken, 'no rows today'],
    ['silent', silent, 'took longer than 0 s'],
  ] as const)('with a %s dataset: the round is skipped', async (_what, dataset, reason) => {
    await expect(draw([fine, dataset], 'skip-round')).rejects.toMatchObject({
      code: 'DATASET_UNAVAILABLE',
      fault: 'network',
      message: expect.stringContaining(reason) as unknown,
    });
  });

  it('that the config keeps from being drawn say what to do', async () => {
    const wrong: DatasetProvider = {
      sample: () => Promise.reject(datasetErrors.DATASET_MALFORMED({ reason: 'it has no rows' })),
    };
    const error = await errorOf(draw([wrong], 'skip-round'));
    expect(error).toMatchObject({ code: 'DATASET_UNAVAILABLE' });
    expect(error.message).toMatch(/it has no rows Tell its author/);
  });

  it.each([
    ['broken', broken],
    ['silent', silent],
  ])('with a %s dataset: it goes on without it where the competition says so', async (_what, dataset) => {
    const { tasks, warnings } = await draw([dataset, fine], 'renormalise');
    expect(tasks.map(({ task: { name } }) => name)).toEqual(['t1']);
    expect(warnings).toHaveLength(1);
    await expect(draw([dataset], 'renormalise')).rejects.toMatchObject({ code: 'DATASET_UNAVAILABLE' });
  });
});
