import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, firstOf, validator } from '../e2e/validator-process.js';
import { newWorld, ROOT, type World } from '../e2e/world.js';
import { filesOfPage, writeFiles } from './page-files.js';

describe('the package that docs/build/rule.md writes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-rule-page-'));
    writeFiles(folder, filesOfPage('rule.md'));
    // In place of npm install: the core, zod and the compiler of this checkout.
    mkdirSync(join(folder, 'node_modules', '@assay'), { recursive: true });
    symlinkSync(join(ROOT, 'core'), join(folder, 'node_modules', '@assay', 'core'));
    symlinkSync(join(ROOT, 'node_modules', 'zod'), join(folder, 'node_modules', 'zod'));
    execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
      encoding: 'utf8',
    });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('passes the tables of cases of its doors', async () => {
    const answer = await validator(['competition', 'check', folder, '--json']);
    const results = JSON.parse(answer.stdout) as { subject: string; passed: boolean }[];
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(['epsilon function head-start', 'standing rule podium']),
    );
    expect(answer.code).toBe(0);
  });

  it('is listed by validator rules', async () => {
    const config = join(folder, 'config.yaml');
    writeFileSync(config, `plugins: [${folder}]\n`);
    const { stdout } = await validator(['rules', 'podium', '--json', '--config', config]);
    expect(JSON.parse(stdout)).toMatchObject({
      doors: [{ door: 'standingRules', rules: [{ rule: 'podium', version: 1, plugin: 'podium', parameters: [] }] }],
    });
  });

  it(
    'judges on the embedded network, with a burn beside it, and its weights are read back',
    { timeout: 180_000 },
    async () => {
      const world: World = newWorld();
      const subnet = join(world.folder, 'subnet');
      mkdirSync(subnet);
      writeFileSync(
        join(subnet, 'package.json'),
        JSON.stringify({ name: 'subnet', type: 'module', main: 'i.js', validator: { plugin: true, apiVersion: 1 } }),
      );
      writeFileSync(
        join(subnet, 'i.js'),
        `import demo from ${JSON.stringify(join(ROOT, 'competitions', 'demo', 'dist', 'index.js'))};
      const [docs] = demo.provides.competitions;
      const { alpha, temperature, ...profile } = demo.provides.profiles.demo;
      export default { apiVersion: 1, name: 'subnet', provides: {
        competitions: [{ ...docs, name: 'steps', epsilon: { rule: 'head-start', first: 0.005, blocks: 2000 } }],
        profiles: { podium: { ...profile, name: 'podium',
          schedule: [{ fromBlock: 0, competitions: [{ id: docs.id, name: 'steps', share: 0.8 }] }],
          rules: [{ fromBlock: 0, standing: { rule: 'podium' }, merge: [{ rule: 'by-share' }, { rule: 'burn', to: 'owner' }] }],
        } },
      } };`,
      );
      const config = world.configWith('podium.yaml', { subnet: 'podium', plugins: [folder, './subnet'] });
      const { stdout, code } = await validator(['run', '--once', '--json', '--config', config]);
      const events = eventsOf(stdout);
      const round = firstOf(events, 'round-finished');
      const places = (round?.rows ?? []).filter(({ values }) => values['place'] !== undefined);
      expect(places.map(({ values, share }) => [values['place'], share]).sort()).toEqual([
        [1, 0.6],
        [2, 0.3],
        [3, 0.1],
      ]);
      const set = firstOf(events, 'weights-set');
      expect(set?.confirmed).toBe(true);
      expect(set?.weights.map(({ share }) => Number(share.toFixed(6))).sort()).toEqual([0.08, 0.2, 0.24, 0.48]);
      expect(set?.weights.find(({ uid }) => uid === 0)?.share).toBeCloseTo(0.2, 6);
      expect(code).toBe(0);
    },
  );
});
