import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runVectors } from './run-vectors.js';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'vectors');

describe('runVectors', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-vectors-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('finds the rules equal to the reference on every vector', async () => {
    const reports = await runVectors(fixtures);
    expect(reports.flatMap(({ name, failures }) => failures.map((failure) => ({ name, ...failure })))).toEqual([]);
    expect(reports.map(({ name, passed, byRule }) => `${name} ${passed} ${byRule}`)).toMatchInlineSnapshot(`
      [
        "competition_schedule 9 0",
        "competition_tracker 26 34",
        "epsilon 120 0",
        "hashes 55 0",
        "loaders 25 0",
        "model_id 65 0",
        "normalize_score 80 0",
        "queue 10 0",
        "random 6 0",
        "reasonable_output 120 0",
        "run_step_data 6 0",
        "score_model 46 34",
        "should_retry 200 0",
        "sync_block_seed 30 0",
        "top_miners 60 0",
        "wins 55 165",
      ]
    `);
  });

  it.each([
    ['epsilon', /"result":0\.00\d+/, '"result":0.5'],
    ['queue', /digest_already_completed/, 'another'],
    ['random', /"result":0\.\d+/, '"result":0.25'],
    ['wins', /"top_uid":\d+/, '"top_uid":99'],
    ['should_retry', /"result":true/, '"result":false'],
    ['hashes', /"directory_hash":"\S/, '"directory_hash":"#'],
    ['loaders', /"next_global_random":0\.\d+/, '"next_global_random":0.5'],
    ['loaders', /"sleeps":\[5/, '"sleeps":[6'],
    ['loaders', /"batches":\[\[\[\d+/, '"batches":[[[1'],
    ['run_step_data', /"shuffled_order":\[\d+/, '"shuffled_order":[0'],
    ['run_step_data', /"page_names":\[[^,]+/, '"page_names":["0"'],
  ])('fails where a vector of %s is changed', async (name, original, changed) => {
    const text = JSON.stringify(JSON.parse(await readFile(join(fixtures, `${name}.json`), 'utf8')));
    await writeFile(join(folder, `${name}.json`), text.replaceAll(new RegExp(original, 'g'), changed));
    const [report] = await runVectors(folder);
    expect(report?.failed).toBeGreaterThan(0);
  });

  it('counts an unknown name, a broken file and a kind without code as failures', async () => {
    await writeFile(join(folder, 'nonsense.json'), '{}');
    await writeFile(join(folder, 'epsilon.json'), '{"cases": [');
    await writeFile(join(folder, 'loaders.json'), '{"cases": [{}, {}]}');
    await cp(join(fixtures, 'sync_block_seed.json'), join(folder, 'sync_block_seed.json'));
    const reports = await runVectors(folder);
    expect(reports.map(({ name, passed, failed }) => `${name} ${passed} ${failed}`)).toEqual([
      'epsilon 0 1',
      'loaders 0 2',
      'nonsense 0 1',
      'sync_block_seed 30 0',
    ]);
  });
});
