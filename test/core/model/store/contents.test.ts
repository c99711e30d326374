import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RepoFile } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';
import { verifyModels } from '@assay/core/model/store/inventory';
import { newFolder } from '../folders.js';
import { kept, listing, model, never, texts, whole } from './scene.js';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const CONTENT = 'c'.repeat(10_000);
const FILE: RepoFile = { path: 'model.safetensors', size: CONTENT.length, sha256: sha256(CONTENT) };

/** Runs a script with few file descriptors in a process of its own, in which `open` opens the store. */
function run(script: string, root: string): string {
  const code = `
    import { closeSync, openSync } from 'node:fs';
    import { ModelKeeper } from '@assay/core/model/store/keeper';
    import { systemClock } from '@assay/core/runtime/system-clock';
    const never = new AbortController().signal;
    const source = { description: 'none', open: async () => { throw Object.assign(new Error('asked'), { code: 'ASKED' }); } };
    const open = () => ModelKeeper.open({ directory: process.argv[1] }, { source, clock: systemClock });
    ${script}
    process.exit(0);`;
  const limited = 'ulimit -n 512; exec "$0" --input-type=module --eval "$@"';
  const ran = spawnSync('bash', ['-c', limited, process.execPath, code, root], { cwd: ROOT, encoding: 'utf8' });
  return `${ran.stdout}${ran.stderr}`.trim();
}

describe('a source that states a digest of somebody else with another size', () => {
  it.each([FILE.size - 1, FILE.size + 1])('does not remove the content from the store: %i bytes', async (size) => {
    const { fetch, root } = await kept({ attempts: 1 });
    await fetch('honest', [FILE], texts({ [FILE.path]: CONTENT }));
    const blob = join(root, 'blobs', FILE.sha256 ?? '');
    const { ino } = statSync(blob);
    const lies = fetch('liar', [{ ...FILE, size }], texts({ [FILE.path]: CONTENT }));
    await expect(lies).rejects.toMatchObject({ fault: 'network' });
    expect(statSync(blob).ino).toBe(ino);
  });

  it('does not throw away what has come of the content', async () => {
    const { fetch, root } = await kept({ attempts: 1 });
    const halves = whole(async function* () {
      yield Buffer.from(CONTENT.slice(0, 6000));
      throw storeErrors.SOURCE_UNREACHABLE({ what: 'it', reason: 'it was cut' });
    });
    await expect(fetch('honest', [FILE], halves)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    const before = readdirSync(join(root, 'partials'));
    await expect(fetch('liar', [{ ...FILE, size: 50 }], texts({ [FILE.path]: 'x'.repeat(50) }))).rejects.toThrow();
    expect(readdirSync(join(root, 'partials'))).toEqual(before);
    const asked: number[] = [];
    await fetch('honest', [FILE], (_file, { start, end }) => {
      asked.push(start);
      return texts({ [FILE.path]: CONTENT })(FILE, { start, end }, never);
    });
    expect(asked).toEqual([6000]);
  });
});

describe('a disk that changes content', () => {
  it('is mended within the process, also where the times of the file have not changed', async () => {
    const { keeper, fetch } = await kept();
    const { directory } = await fetch('one', [FILE], texts({ [FILE.path]: CONTENT }));
    const path = join(directory, FILE.path);
    const { atime, mtime } = statSync(path);
    chmodSync(path, 0o644);
    writeFileSync(path, 'd'.repeat(FILE.size));
    utimesSync(path, atime, mtime);
    await keeper.discard(model('one'));
    await fetch('one', [FILE], texts({ [FILE.path]: CONTENT }));
    expect(readFileSync(path, 'utf8')).toBe(CONTENT);
  });

  it('is not suspected where the process is short of file descriptors', async () => {
    const { fetch, root } = await kept();
    await fetch('one', [FILE], texts({ [FILE.path]: CONTENT }));
    const said = run(
      `const { contents } = (await open()).folder;
       // What is loaded at the first use is loaded now.
       await contents.has('0'.repeat(64), 1, never);
       const taken = [];
       try { for (;;) taken.push(openSync('/dev/null')); } catch {}
       const short = await contents.has('${FILE.sha256}', ${FILE.size}, never).catch(({ code }) => code);
       taken.forEach((file) => closeSync(file));
       console.log(short, await contents.has('${FILE.sha256}', ${FILE.size}, never));`,
      root,
    );
    expect(said).toBe('EMFILE true');
  });
});

it('goes on where a process was killed after it had made the file read-only', async () => {
  const root = newFolder();
  await kept({}, root);
  writeFileSync(join(root, 'partials', `${FILE.sha256}-${FILE.size}.free`), CONTENT, { mode: 0o444 });
  chmodSync(dirname(root), 0o711);
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534', root]);
  const said = run(
    `// A privileged user may write to any file.
     if (process.getuid() === 0) process.seteuid(65534);
     const reference = { namespace: 'miner', name: 'one', revision: 'a'.repeat(40) };
     const stored = await (await open()).fetch(reference, [${JSON.stringify(FILE)}], () => {}, never).catch(({ code }) => code);
     console.log(stored.files?.[0].sha256 ?? stored);`,
    root,
  );
  expect(said).toBe(FILE.sha256);
});

it('takes up what it has failed to set free', async () => {
  const { keeper } = await kept();
  const { partials } = keeper.folder;
  const key = sha256('key');
  const path = await partials.take(key);
  writeFileSync(path ?? '', 'part');
  expect(await partials.take(key)).toBe(path);
});

it('leaves files in the folder of partial files that are not its own', async () => {
  const { keeper, root } = await kept();
  mkdirSync(join(root, 'partials', 'lost+found'));
  writeFileSync(join(root, 'partials', '.DS_Store'), 'x');
  expect(await keeper.folder.partials.left()).toEqual([]);
});

describe('a model that is stored', () => {
  it.each([
    ['another content', '{"reference":1}'],
    ['missing', undefined],
  ])('is damaged where its manifest is: %s', async (reason, manifest) => {
    const { keeper, fetch } = await kept();
    const { directory, reference } = await fetch('one', [FILE], texts({ [FILE.path]: CONTENT }));
    const path = join(dirname(directory), 'manifest.json');
    rmSync(path);
    if (manifest !== undefined) writeFileSync(path, manifest);
    const damaged = await verifyModels(keeper.folder, () => undefined, never);
    expect(damaged).toEqual([{ reference, path: 'manifest.json', reason }]);
    expect(await keeper.folder.removeDamaged(reference)).toBe(true);
    expect(await verifyModels(keeper.folder, () => undefined, never)).toEqual([]);
  });

  it('is fetched again where the source states another digest', async () => {
    const { fetch } = await kept();
    const path = 'config.json';
    await fetch('one', listing({ [path]: 'old' }), texts({ [path]: 'old' }));
    const { files } = await fetch('one', [{ path, size: 3, sha256: sha256('new') }], texts({ [path]: 'new' }));
    expect(files).toEqual([{ path, size: 3, sha256: sha256('new') }]);
  });

  it('has no empty file where the source states the digest of another content', async () => {
    const { fetch } = await kept();
    const lies = fetch('one', [{ path: 'x', size: 0, sha256: sha256('y') }], texts({ x: '' }));
    await expect(lies).rejects.toMatchObject({ code: 'FILE_CONTENT_DIFFERS', fault: 'network' });
  });

  it('stays where it lies when another process stores the same, and is replaced by another', async () => {
    const { keeper, fetch } = await kept();
    const { directory, files } = await fetch('one', [FILE], texts({ [FILE.path]: CONTENT }));
    const { ino } = statSync(directory);
    const { models, drafts, contents } = keeper.folder;
    const publish = async (path: string): Promise<void> => {
      const draft = await drafts.create();
      mkdirSync(join(draft, 'files'));
      await contents.linkTo(FILE.sha256 ?? '', join(draft, 'files', path));
      await models.publish(
        draft,
        model('one'),
        files.map((file) => ({ ...file, path })),
      );
    };
    await publish(FILE.path);
    expect(statSync(directory).ino).toBe(ino);
    await publish('other.safetensors');
    expect(readdirSync(directory)).toEqual(['other.safetensors']);
  });
});
