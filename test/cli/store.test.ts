import { appendFileSync, chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSource } from '@assay/core/contracts/model-store';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import { systemClock } from '@assay/core/runtime/system-clock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { validator, type Answer } from '../e2e/validator-process.js';
import { newFolder } from '../e2e/world.js';

const never = new AbortController().signal;
const REVISION = 'a'.repeat(40);
const reference = (name: string): { namespace: string; name: string; revision: string } => ({
  namespace: 'miner',
  name,
  revision: REVISION,
});

/** Any file is its path again and again. */
const source: ModelSource = {
  description: 'texts',
  list: () => Promise.resolve({ files: [], totalBytes: 0 }),
  open: (_reference, { path, size }, { start, end }) =>
    Promise.resolve({ start, bytes: bytesOf(Buffer.alloc(size, path).subarray(start, end)) }),
};
async function* bytesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

let folder: string;
let config: string;
let keeper: ModelKeeper;

async function store(...args: string[]): Promise<Answer> {
  return validator(['store', ...args, '--config', config]);
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await store(...args, '--json');
  expect(stderr).not.toContain('INTERNAL');
  return JSON.parse(stdout) as Record<string, unknown>;
}

beforeEach(async () => {
  folder = newFolder();
  config = join(folder, 'validator.yaml');
  writeFileSync(
    config,
    'subnet: demo\ndataDir: ./data\nstore: { use: local-files, repos: ., dir: ./models, minFreeBytes: 0 }\n' +
      'chain: { use: local-chain, file: ./chain.db, genesis: ./genesis.json }\nevaluator: { use: onnxruntime }\n',
  );
  keeper = await ModelKeeper.open({ directory: join(folder, 'models') }, { source, clock: systemClock });
  const shared = { path: 'model.safetensors', size: 300_000 };
  await keeper.fetch(reference('one'), [shared, { path: 'config.json', size: 10 }], () => undefined, never);
  await keeper.fetch(reference('two'), [shared, { path: 'generation_config.json', size: 20 }], () => undefined, never);
});

afterAll(() => keeper.close());

describe('validator store', () => {
  it('lists models with what each has of its own and why it is held', async () => {
    await keeper.keep([reference('one')]);
    const { models } = await json('ls');
    expect(models).toMatchObject([
      { reference: reference('one'), files: 2, bytes: 300_010, ownBytes: 10, held: ['kept'], whole: true },
      { reference: reference('two'), files: 2, bytes: 300_020, ownBytes: 20, held: [], whole: true },
    ]);
    const { stdout } = await store('ls');
    expect(stdout).toMatch(/miner\/one@a{40} +2 +300\.0 kB +10 B .*kept/);
  });

  it('says what the disk holds: equal contents once', async () => {
    const sizes = await json('du');
    expect(sizes).toMatchObject({ models: 2, modelBytes: 600_030, looseBytes: 0, partialBytes: 0 });
    expect(sizes['storedBytes']).toBeGreaterThan(300_030);
    expect(sizes['storedBytes']).toBeLessThan(310_000);
    expect((await store('du')).stdout).toContain('2 models, each with files of its own');
  });

  it('keeps a pinned model through the cleaning, and says before what would go', async () => {
    expect((await store('pin', `miner/one@${REVISION}`)).stdout).toContain('is pinned');
    const would = await json('prune', '--unused-for', '0', '--dry-run');
    expect(would).toMatchObject({ dryRun: true, removed: [reference('two')], freedBytes: 20 });
    expect(await json('prune', '--unused-for', '0')).toMatchObject({ removed: [reference('two')] });
    expect(await keeper.stored(reference('one'))).toBeDefined();
    await store('pin', `miner/one@${REVISION}`, '--remove');
    expect(await json('prune', '--unused-for', '0')).toMatchObject({ removed: [reference('one')] });
    expect(await json('du')).toMatchObject({ models: 0, storedBytes: 0 });
  });

  it('prunes nothing that was used a moment ago', async () => {
    expect(await json('prune')).toMatchObject({ removed: [] });
  });

  it('collects what belongs to no model', async () => {
    writeFileSync(join(folder, 'models/partials', `${'b'.repeat(64)}.free`), Buffer.alloc(5000));
    writeFileSync(join(folder, 'models/blobs', 'c'.repeat(64)), Buffer.alloc(7000));
    expect(await json('gc')).toMatchObject({ contents: 0, partials: 0 });
    const would = { contents: 1, contentBytes: 7000, partials: 1, partialBytes: 5000 };
    expect(await json('gc', '--older-than', '0', '--dry-run')).toMatchObject({ dryRun: true, ...would });
    expect(readdirSync(join(folder, 'models/partials'))).toHaveLength(1);
    expect(await json('gc', '--older-than', '0')).toMatchObject(would);
    expect(readdirSync(join(folder, 'models/partials'))).toEqual([]);
    expect(await json('du')).toMatchObject({ models: 2, looseBytes: 0 });
  });

  it('finds damaged files, and drops their models when told to', async () => {
    expect((await store('verify')).stdout).toContain('Every stored file is as it was verified.');
    const damaged = join(folder, 'models/models/miner/one', REVISION, 'files/config.json');
    chmodSync(damaged, 0o644);
    writeFileSync(damaged, 'otherbytes');
    const other = join(folder, 'models/models/miner/two', REVISION, 'files/generation_config.json');
    chmodSync(other, 0o644);
    appendFileSync(other, 'x');
    const { code, stderr } = await store('verify');
    expect([code, stderr]).toEqual([1, expect.stringContaining('STORE_DAMAGED: 2 files of 2 models')]);
    const { damaged: found, removed } = await json('verify', '--remove');
    expect(found).toEqual([
      { reference: reference('one'), path: 'config.json', reason: 'another content' },
      { reference: reference('two'), path: 'generation_config.json', reason: 'another size' },
    ]);
    expect(removed).toEqual([reference('one'), reference('two')]);
    expect(await json('ls')).toMatchObject({ models: [] });
  });

  it('leaves a damaged model that is in use', async () => {
    const damaged = join(folder, 'models/models/miner/one', REVISION, 'files/config.json');
    chmodSync(damaged, 0o644);
    writeFileSync(damaged, 'otherbytes');
    const lease = await keeper.lease(reference('one'));
    expect(await json('verify', '--remove')).toMatchObject({ removed: [] });
    await lease.release();
  });

  it.each([
    [['pin', 'miner/three@' + REVISION], 'MODEL_NOT_IN_STORE'],
    [['pin', 'miner/one@main'], 'MODEL_REVISION_MISSING'],
    [['pin', '../one@' + REVISION], 'FILE_NAME_REFUSED'],
  ])('refuses %j', async (args, code) => {
    expect((await store(...args)).stderr).toContain(code);
  });

  it('makes no store where there is none', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    config = join(folder, 'elsewhere/validator.yaml');
    writeFileSync(
      config,
      'subnet: demo\ndataDir: ./data\nstore: { use: local-files, repos: . }\n' +
        'chain: { use: local-chain, file: ./chain.db, genesis: ./genesis.json }\nevaluator: { use: onnxruntime }\n',
    );
    const { code, stderr } = await store('ls');
    expect([code, stderr]).toEqual([2, expect.stringContaining('STORE_ABSENT')]);
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['validator.yaml']);
  });
});
