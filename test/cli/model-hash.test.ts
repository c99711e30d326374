import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directoryHash, secureHash } from '@assay/core/model/directory-hash';
import { z } from 'zod';
import { expect, it } from 'vitest';
import { errorOf, validator } from '../e2e/validator-process.js';
import { newFolder, newWorld, ROOT } from '../e2e/world.js';

const TRAINED = join(ROOT, 'competitions', 'demo', 'assets', 'models', 'llama-900steps');
const HOTKEY = '5EnZS7ZBt9HukjpdioEfTHUaRpXfySMC7xVx799tFvkNxHer';

const document = z.object({
  directoryHash: z.string(),
  proof: z.string().nullable(),
  commitment: z.string().nullable(),
  files: z.array(
    z.object({
      path: z.string(),
      size: z.number(),
      sha256: z.string().nullable(),
      counts: z.boolean(),
      why: z.string(),
    }),
  ),
  notes: z.array(z.string()),
});

async function hashed(...args: string[]): Promise<z.infer<typeof document>> {
  const { stdout, stderr } = await validator(['model', 'hash', '--json', ...args]);
  if (stdout === '') throw new Error(stderr);
  return document.parse(JSON.parse(stdout));
}

it('says of each file of a folder whether it counts and why, and what nobody heeds', async () => {
  const folder = join(newFolder(), 'model');
  cpSync(TRAINED, folder, { recursive: true });
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, auto_map: { AutoModel: 'modeling_x.X' } }));
  writeFileSync(join(folder, 'modeling_x.py'), 'raise SystemExit');
  writeFileSync(join(folder, 'pytorch_model.bin'), 'pickle');
  writeFileSync(join(folder, 'vocab.json'), '{}');
  mkdirSync(join(folder, '.git'));
  writeFileSync(join(folder, '.git', 'HEAD'), 'ref');
  const found = await hashed(folder, '--hotkey', HOTKEY);
  const why = Object.fromEntries(found.files.map((file) => [file.path, `${file.counts} ${file.why}`]));
  expect(why).toEqual({
    'config.json': 'true the library reads the config from it',
    'generation_config.json': 'true the library reads from it how the model generates',
    'golden.json': 'false the library does not read it',
    'model.safetensors': 'true the library loads the weights from it',
    'modeling_x.py': 'false it is Python code, which is never executed',
    'pytorch_model.bin': 'false it has a format that is never opened: weights are safetensors',
    'vocab.json': 'false the class of the tokenizer does not read it',
  });
  const counted = found.files.flatMap(({ path, sha256 }) => (sha256 === null ? [] : { path, sha256 }));
  expect(found.directoryHash).toBe(directoryHash(counted));
  expect(found.proof).toBe(secureHash(found.directoryHash, HOTKEY));
  expect(found.commitment).toBeNull();
  expect(found.notes).toEqual([expect.stringMatching(/^config.json names code under auto_map/)]);
});

it('shows the claim to a repo as its miner has committed it', async () => {
  const world = newWorld();
  const genesis = z
    .object({ commitments: z.array(z.object({ who: z.number(), data: z.string() })) })
    .parse(JSON.parse(readFileSync(join(world.folder, 'network', 'genesis.json'), 'utf8')));
  const claim = genesis.commitments.find(({ who }) => who === 2)?.data ?? '';
  const [namespace, name, revision] = claim.split(':');
  const repo = `${namespace}/${name}@${revision}`;
  const found = await hashed(repo, '--hotkey', HOTKEY, '--competition', 'demo-docs', '-c', world.config);
  expect(found.commitment).toBe(claim);
});

it('tells of files of the same content, which no validator accepts', async () => {
  const folder = join(newFolder(), 'model');
  cpSync(TRAINED, folder, { recursive: true });
  for (const name of ['tokenizer.json', 'special_tokens_map.json']) writeFileSync(join(folder, name), '{}');
  const found = await hashed(folder);
  expect(found.notes).toEqual([expect.stringMatching(/has the content of another file that counts/)]);
});

it.each<{ what: string; files: Record<string, string>; code: string }>([
  { what: 'a folder without weights', files: { 'config.json': '{"model_type":"llama"}' }, code: 'NO_SAFETENSORS' },
  { what: 'a config that is none', files: { 'config.json': '[]' }, code: 'REPO_FILE_INVALID' },
  { what: 'no config', files: { 'model.safetensors': '' }, code: 'REPO_FILE_INVALID' },
])('refuses $what as a validator does', async ({ files, code }) => {
  const folder = newFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  expect(errorOf(await validator(['model', 'hash', folder, '--json']))).toMatchObject({ code, fault: 'miner' });
});
