import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { HOTKEY, newPlace, pushedBy, REPO, START, type Place } from './push-place.js';
import { errorOf, killedAt, validator, type Answer } from './validator-process.js';
import { ROOT } from './world.js';

const urlOf = (...path: string[]): string => JSON.stringify(pathToFileURL(join(ROOT, ...path)).href);

/** The demo's subnet, but that its claims are revealed commitments. */
const SEALED_INDEX = `
import { definePlugin, defineProfile } from '@assay/core';
import { demoProfile } from ${urlOf('competitions', 'demo', 'dist', 'profile.js')};
import { pretraining } from ${urlOf('core', 'dist', 'rules', 'commitment', 'pretraining.js')};
const { commitmentCodec, ...demo } = demoProfile;
const sealed = {
  ...pretraining,
  name: 'sealed',
  summary: 'Claims as the pretraining subnet has them, in revealed commitments.',
  bind: (parameters) => ({ ...pretraining.bind(parameters), readFrom: 'revealed-commitments' }),
};
export default definePlugin({
  apiVersion: 1, name: 'sealed-subnet',
  provides: {
    commitmentSchemes: [sealed],
    profiles: { sealed: defineProfile({ ...demo, name: 'sealed', commitment: { rule: 'sealed' } }) },
  },
});
`;

/** Installs the package beside the config file. */
function withPackage(folder: string): Record<string, unknown> {
  const path = join(folder, 'node_modules', 'sealed-subnet');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'index.js'), SEALED_INDEX);
  const manifest = {
    ...{ name: 'sealed-subnet', version: '1.0.0', type: 'module', exports: './index.js', files: ['*.js'] },
    ...{ validator: { plugin: true, apiVersion: 1 }, oclif: {} },
    peerDependencies: { '@assay/core': '^0.1.0' },
    peerDependenciesMeta: { '@assay/core': { optional: true } },
  };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  return { plugins: ['sealed-subnet'], subnet: 'sealed' };
}

const sealedPlace = (): Promise<Place> => newPlace({ settings: withPackage });

const pushAt = (place: Place, ...more: string[]): Promise<Answer> =>
  validator(place.push({}, ...more), { env: place.env });

/** What the chain shows of the miner. */
function shownAt({ file }: Place): { revealed: string[]; sealed: boolean } {
  const network = LocalNetwork.open(file, 'read');
  const { revealed, unreadable } = network.snapshot();
  network.close();
  return {
    revealed: revealed.filter(({ hotkey }) => hotkey === HOTKEY).map(({ data }) => data),
    sealed: unreadable.some(({ hotkey, kind }) => hotkey === HOTKEY && kind === 'timelocked'),
  };
}

function advance({ file }: Place, blocks: number): void {
  const network = LocalNetwork.open(file, 'write');
  network.advance(blocks);
  network.close();
}

describe('validator model push where the subnet reads revealed commitments', { timeout: 180_000 }, () => {
  it('commits the claim encrypted, and opens the repo once the claim is open', async () => {
    const place = await sealedPlace();
    const flags = ['--private-until-committed', '--reveal-after', '40'];
    const answer = await pushAt(place, ...flags);
    const pushed = pushedBy(answer);
    expect(pushed).toMatchObject({ repo: REPO, hotkey: HOTKEY, committedNow: true, block: null, opens: START + 41 });
    expect(answer.stderr).toContain(`committed at block ${START + 1}; it opens at block ${START + 41}`);
    expect(answer.stderr).toContain('any other commitment of this hotkey replaces it');
    expect(answer.stderr).toContain(`${REPO} stays private: run the same command again from block ${START + 41} on`);
    expect(shownAt(place)).toEqual({ revealed: [], sealed: true });
    expect(await place.isPublic()).toBe(false);
    advance(place, 39);
    expect(errorOf(await pushAt(place, ...flags))).toMatchObject({
      code: 'PUSH_TIMELOCK_WAITS',
      payload: { block: START + 1, detail: `opens at block ${START + 41}` },
    });
    advance(place, 1);
    const opened = pushedBy(await pushAt(place, ...flags));
    expect(opened).toEqual({ ...pushed, block: START + 41, opens: null, committedNow: false });
    expect(shownAt(place)).toEqual({ revealed: [pushed.commitment], sealed: false });
    expect(await place.isPublic()).toBe(true);
    expect(place.commits()).toBe(41);
  });

  it('stays encrypted for one tempo where nothing else is said, and tells people so', async () => {
    const place = await sealedPlace();
    const network = LocalNetwork.open(place.file, 'read');
    const { tempo } = network.snapshot().parameters;
    network.close();
    const args = place.push().filter((argument) => argument !== '--json');
    const { code, stdout, stderr } = await validator(args, { env: place.env });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`opens       at block ${START + 1 + tempo}, by itself; its block is that one`);
  });

  it('replaces a commitment that waits only where that is wanted', async () => {
    const place = await sealedPlace();
    const first = pushedBy(await pushAt(place, '--reveal-after', '40'));
    appendFileSync(join(place.model, 'generation_config.json'), '\n');
    expect(errorOf(await pushAt(place, '--reveal-after', '5'))).toMatchObject({ code: 'PUSH_TIMELOCK_WAITS' });
    expect(place.commits()).toBe(1);
    const answer = await pushAt(place, '--reveal-after', '5', '--replace-timelocked');
    const second = pushedBy(answer);
    expect(answer.stderr).toContain(`will be replaced, and never opens`);
    expect(second.commitment).not.toBe(first.commitment);
    advance(place, 100);
    expect(shownAt(place).revealed).toEqual([second.commitment]);
  });

  it('commits once, also after kill -9 right after the commitment', async () => {
    const place = await sealedPlace();
    const killed = await killedAt(place.push({}, '--reveal-after', '10'), 'committed at block', { env: place.env });
    expect(killed.signal).toBe('SIGKILL');
    expect(errorOf(await pushAt(place, '--reveal-after', '10'))).toMatchObject({ code: 'PUSH_TIMELOCK_WAITS' });
    advance(place, 10);
    expect(pushedBy(await pushAt(place))).toMatchObject({ block: START + 11, committedNow: false });
    expect(place.commits()).toBe(11);
  });

  it('changes nothing in a dry run', async () => {
    const place = await sealedPlace();
    const dry = pushedBy(await pushAt(place, '--dry-run', '--reveal-after', '7'));
    expect(dry).toMatchObject({ revision: null, block: null, opens: null, committedNow: false });
    expect(place.commits()).toBe(0);
  });
});

describe('validator model push where the subnet reads plain commitments', { timeout: 180_000 }, () => {
  it('knows no --reveal-after', async () => {
    const place = await newPlace();
    expect(errorOf(await pushAt(place, '--reveal-after', '5'))).toMatchObject({
      code: 'PUSH_REVEAL_AFTER_UNUSED',
      fault: 'config',
    });
    expect(place.commits()).toBe(0);
  });

  it('replaces a timelocked commitment that waits only where that is wanted', async () => {
    const place = await newPlace();
    const network = LocalNetwork.open(place.file, 'write');
    network.commit(HOTKEY, 'sealed', 50);
    network.close();
    expect(errorOf(await pushAt(place))).toMatchObject({ code: 'PUSH_TIMELOCK_WAITS' });
    expect(pushedBy(await pushAt(place, '--replace-timelocked'))).toMatchObject({ block: START + 2, opens: null });
    expect(shownAt(place).sealed).toBe(false);
  });
});
