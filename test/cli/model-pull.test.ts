import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorOf, validator } from '../e2e/validator-process.js';
import { newFolder, newWorld, ROOT, type World } from '../e2e/world.js';

const BEST = join(ROOT, 'competitions', 'demo', 'assets', 'models', 'llama-2000steps');

const document = z.object({
  folder: z.string(),
  repo: z.string(),
  revision: z.string(),
  hotkey: z.string().nullable(),
});

let world: World;

/** A network is made by the first run; a round of it is in the journal. */
beforeAll(async () => {
  world = newWorld();
  const { code, stderr } = await validator(['run', '--once', '--config', world.config]);
  if (code !== 0) throw new Error(stderr);
}, 120_000);

async function pulled(model: string, to: string): Promise<z.infer<typeof document>> {
  const { stdout, stderr } = await validator(['model', 'pull', model, '--to', to, '--json', '-c', world.config]);
  if (stdout === '') throw new Error(stderr);
  return document.parse(JSON.parse(stdout));
}

const refused = async (model: string, to: string): Promise<ReturnType<typeof errorOf>> =>
  errorOf(await validator(['model', 'pull', model, '--to', to, '--json', '-c', world.config]));

describe('validator model pull', { timeout: 60_000 }, () => {
  it('copies the model of a uid, of the best, and of a repo, into real files of the user’s own', async () => {
    const [revision = ''] = readdirSync(join(world.folder, 'network', 'repos', 'honest', 'llama-2000'));
    for (const model of ['2', 'best', `honest/llama-2000@${revision}`]) {
      const to = join(newFolder(), 'model');
      const found = await pulled(model, to);
      expect(found).toMatchObject({ folder: to, repo: 'honest/llama-2000', revision });
      expect(found.hotkey === null).toBe(model.includes('/'));
      expect(readdirSync(to).sort()).toEqual(['config.json', 'generation_config.json', 'model.safetensors']);
      for (const name of readdirSync(to)) {
        expect(readFileSync(join(to, name)).equals(readFileSync(join(BEST, name)))).toBe(true);
        expect(statSync(join(to, name)).nlink).toBe(1);
      }
      // What the user writes does not reach the store.
      writeFileSync(join(to, 'model.safetensors'), 'mine');
    }
    const again = join(newFolder(), 'model');
    await pulled('2', again);
    expect(readFileSync(join(again, 'config.json')).equals(readFileSync(join(BEST, 'config.json')))).toBe(true);
  });

  it('takes an empty folder, and leaves one that is not empty as it is', async () => {
    const [empty, full] = [newFolder(), newFolder()];
    await pulled('2', empty);
    expect(readdirSync(empty)).toContain('config.json');
    mkdirSync(join(full, 'mine'));
    expect(await refused('2', full)).toMatchObject({ code: 'PULL_FOLDER_OCCUPIED', fault: 'config' });
    expect(readdirSync(full)).toEqual(['mine']);
  });

  it.each([
    { what: 'a uid that nobody has', model: '60', code: 'PULL_NOTHING' },
    { what: 'a uid that has committed nothing', model: '22', code: 'PULL_NOTHING' },
    { what: 'a uid whose commitment nobody can read', model: '14', code: 'COMMITMENT_MALFORMED' },
    { what: 'a uid that claims what is not its own', model: '16', code: 'HASH_MISMATCH' },
    { what: 'a branch', model: 'honest/llama-2000@main', code: 'MODEL_REVISION_MISSING' },
  ])('refuses $what, and makes no folder', async ({ model, code }) => {
    const to = join(newFolder(), 'model');
    expect(await refused(model, to)).toMatchObject({ code });
    expect(readdirSync(join(to, '..'))).toEqual([]);
  });
});

it('has no best before the first round', { timeout: 60_000 }, async () => {
  const fresh = newWorld();
  const answer = await validator(['model', 'pull', 'best', '--json', '-c', fresh.config], { cwd: newFolder() });
  expect(answer.code).not.toBe(0);
  expect(errorOf(answer).fault).toBe('config');
});
