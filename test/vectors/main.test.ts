import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, '..', 'dist', 'vectors', 'main.js');

function vectors(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], (_error, out, err) => {
      resolve({ code: child.exitCode, out, err });
    });
  });
}

const good = { cases: [{ score: 1, ceiling: 2, none: 1, result: (1 - Math.exp(-0.5)) / (1 - Math.exp(-1)) }] };
const bad = { cases: [good.cases[0], { ...good.cases[0], result: 0.5 }, 'no object'] };

describe('vectors command', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-vectors-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('prints a line for each file and the total, and ends with 0', async () => {
    await writeFile(join(folder, 'normalize_score.json'), JSON.stringify(good));
    expect(await vectors(folder)).toEqual({
      code: 0,
      out: "normalize_score: 1 passed, 0 failed, 0 by Assay's rule\ntotal: 1 passed, 0 failed, 0 by Assay's rule\n",
      err: '',
    });
  });

  it('says which units failed and how, each on its own, and ends with 1', async () => {
    await writeFile(join(folder, 'normalize_score.json'), JSON.stringify(bad));
    await writeFile(join(folder, 'nothing.json'), '{}');
    const { code, out } = await vectors(folder);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      "normalize_score: 1 passed, 2 failed, 0 by Assay's rule",
      '  cases[1]: result: expected 0.5, found 0.6224593312018546',
      '  cases[2]: expected an object, found "no object"',
      "nothing: 0 passed, 1 failed, 0 by Assay's rule",
      '  file: no kind is called nothing',
      "total: 1 passed, 3 failed, 0 by Assay's rule",
      '',
    ]);
  });

  it('gives the same as JSON, wherever the flag stands', async () => {
    await writeFile(join(folder, 'normalize_score.json'), JSON.stringify(bad));
    const [before, after] = [await vectors('--json', folder), await vectors(folder, '--json')];
    expect(before).toEqual(after);
    expect(JSON.parse(after.out)).toMatchObject({
      files: [{ name: 'normalize_score', passed: 1, failed: 2, byRule: 0 }],
      total: { passed: 1, failed: 2, byRule: 0 },
    });
  });

  it.each([[[]], [['--jsn', '.']], [['a', 'b']]])('shows its usage for %j', async (args) => {
    expect(await vectors(...args)).toMatchObject({
      code: 2,
      out: '',
      err: 'usage: npm run vectors -- DIR [--metadata FOLDER] [--json]\n',
    });
  });

  it('names a folder that it cannot read, and one that holds nothing', async () => {
    const absent = await vectors(join(folder, 'absent'));
    expect(absent).toMatchObject({ code: 2, out: '' });
    expect(absent.err).toContain("absent can't be read");
    expect((await vectors(folder)).err).toContain('nothing was checked');
  });
});
