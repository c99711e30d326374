import { describe, expect, it } from 'vitest';
import refinedWeb from '@assay/competition-refined-web';
import preset from '@assay/competition-pretraining';
import sixTasks from '@assay/competition-six-tasks';
import theStackV2 from '@assay/competition-the-stack-v2';
import { competitionsAt, scheduleProblem } from '@assay/core/competition/schedule';

const profile = preset.provides.profiles?.['pretraining'];
const competitions = [refinedWeb, theStackV2, sixTasks].flatMap(({ provides }) => provides.competitions ?? []);
const B = 1_000_000_000;
const GIB = 1024 ** 3;

/** As netuid 9 had them, by block. */
const at = (block: number): unknown[] =>
  competitionsAt(profile?.schedule ?? [], block).map(({ id, name, share }) => {
    const found = competitions.find((competition) => competition.name === name);
    if (!found) return [id, share, name];
    const { epsilon, constraints, tasks, judges } = found;
    expect(found.id).toBe(id);
    const decay = epsilon as unknown as { start: number; end: number; blocks: number };
    return [
      id,
      share,
      constraints.minParameters / B,
      constraints.maxParameters / B,
      constraints.maxBytes / GIB,
      constraints.sequenceLength,
      [decay.start, decay.end, decay.blocks],
      tasks.map(({ dataset, pages, weight }) => [dataset.split('/').at(-1), pages, weight]),
      judges ?? null,
    ];
  });

const six = [
  ['fineweb', 15, 0.3],
  ['fineweb-edu-score-2', 15, 0.25],
  ['the-stack-v2-dedup', 30, 0.35],
  ['Pes2oX-fulltext', 2, 0.05],
  ['finemath:finemath-3plus', 6, 0.03],
  ['finemath:infiwebmath-3plus', 6, 0.02],
];

describe('netuid 9', () => {
  it('has a schedule in order, whose shares are everything', () => {
    expect(scheduleProblem(profile?.schedule ?? [])).toBeUndefined();
    for (const { competitions: inForce } of profile?.schedule ?? [])
      expect(inForce.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it.each([0, 4_453_708])('in autumn 2024 (block %i)', (block) => {
    expect(at(block)).toEqual([
      [1, 0.14, 0.572, 0.772, 5, 1024, [0.005, 0.0001, 50_400], [['falcon-refinedweb', 22, 1]], null],
      [2, 0.29, 3.2, 3.4, 15, 4096, [0.005, 0.0005, 50_400], [['falcon-refinedweb', 22, 1]], null],
      [4, 0.57, 13.7, 13.9, 29, 4096, [0.005, 0.0005, 50_400], [['fineweb-edu-score-2', 22, 1]], null],
    ]);
  });

  it.each([4_453_709, 4_732_977])('in December 2024 (block %i)', (block) => {
    expect(at(block)).toEqual([
      [2, 0.2, 3.2, 3.4, 15, 4096, [0.005, 0.0002, 28_800], [['falcon-refinedweb', 22, 1]], null],
      [4, 0.4, 13.7, 13.9, 29, 4096, [0.005, 0.0002, 36_000], [['fineweb-edu-score-2', 22, 1]], null],
      [
        5,
        0.4,
        13.7,
        13.9,
        29,
        4096,
        [0.005, 0.0002, 36_000],
        [
          ['fineweb-edu-score-2', 22, 'samples'],
          ['the-stack-v2-dedup', 9, 'samples'],
        ],
        [4],
      ],
    ]);
  });

  it.each([4_732_978, 5_177_980])('in early 2025 (block %i)', (block) => {
    expect(at(block)).toEqual([
      [2, 0.3, 3.2, 3.4, 15, 4096, [0.005, 0.0005, 50_400], six, null],
      [4, 0.7, 13.7, 13.9, 29, 4096, [0.005, 0.0005, 72_000], six, null],
    ]);
  });

  it.each([5_177_981, 9_000_000])('from March 2025 on, with a competition of speech (block %i)', (block) => {
    expect(at(block)).toEqual([
      [6, 0.55, 'tts'],
      [2, 0.15, 3.2, 3.4, 15, 4096, [0.005, 0.0001, 14_400], six, null],
      [4, 0.3, 13.7, 13.9, 29, 4096, [0.005, 0.0001, 14_400], six, null],
    ]);
  });

  it('has the numbers of the reference', () => {
    expect(profile).toMatchObject({
      netuid: 9,
      weightsVersionKey: 4062n,
      syncCadence: 150,
      evaluationDelay: 250,
      alpha: 0.5,
      temperature: 0.01,
      sampleMin: 5,
      updatedModelsLimit: 25,
    });
    expect(
      competitions.every(
        ({ comparison, onDatasetFailure }) => comparison === 'mean-loss' && onDatasetFailure === 'skip-round',
      ),
    ).toBe(true);
  });
});
