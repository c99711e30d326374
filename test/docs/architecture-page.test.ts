import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { validator } from '../e2e/validator-process.js';
import { newFolder, ROOT } from '../e2e/world.js';
import { filesOfPage, writeFiles } from './page-files.js';

it('the package that docs/build/architecture.md writes passes its checks', async () => {
  const folder = join(newFolder(), 'package');
  writeFiles(folder, filesOfPage('architecture.md'));
  cpSync(join(ROOT, 'examples', 'architecture', 'olmo3.js'), join(folder, 'olmo3.js'));
  const answer = await validator(['competition', 'check', '.'], { cwd: folder });
  expect(answer.code, answer.stdout + answer.stderr).toBe(0);
  expect(answer.stdout).toMatch(/brings modules that the plugin they are for can load +passed/);
});
