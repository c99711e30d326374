import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOnlyChain } from '@assay/core/chain/read-only';
import type { ChainClient } from '@assay/core/contracts/chain-client';
import { asHotkey, asNetuid } from '@assay/core/contracts/brands';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allOf, errorOf, eventsOf, firstOf, validator } from '../e2e/validator-process.js';
import { newWorld, ROOT, type World } from '../e2e/world.js';

function quickWorld(change: Readonly<Record<string, unknown>> = {}): World {
  const world = newWorld();
  const program = join(ROOT, 'test', 'e2e', 'programs', 'digest-evaluator.mjs');
  const config = world.configWith('quick.yaml', {
    evaluator: { use: 'process', command: ['node', program], canary: false },
    competitions: ['demo-docs'],
    ...change,
  });
  return { ...world, config };
}

function ownWeights({ folder }: World): unknown {
  const network = LocalNetwork.open(join(folder, 'network', 'chain.db'), 'read');
  const snapshot = network.snapshot();
  network.close();
  return [...snapshot.weights].find(([uid]) => uid === 0);
}

const record = z.looseObject({ hash: z.string() });

/** A client that notes which of its members are called. */
function spyOf(called: string[]): ChainClient {
  const refused = (name: string) => (): Promise<never> => {
    called.push(name);
    return Promise.reject(new Error(`${name} was reached`));
  };
  return {
    description: 'a spy',
    netuid: asNetuid(9),
    maxCommitmentBytes: 128,
    maxTimelockedBytes: 0,
    identity: () => {
      called.push('identity');
      return Promise.resolve({ hotkey: asHotkey('5Own'), sign: refused('sign') });
    },
    head: refused('head'),
    blockHash: refused('blockHash'),
    snapshot: refused('snapshot'),
    setWeights: refused('setWeights'),
    weightsFate: refused('weightsFate'),
    revealWeights: refused('revealWeights'),
    commit: refused('commit'),
    close: () => {
      called.push('close');
      return Promise.resolve();
    },
  };
}

describe('a read-only run', () => {
  const ways: [way: string, flags: string[], env: Record<string, string>, change: Record<string, unknown>][] = [
    ['--read-only', ['--read-only'], {}, {}],
    ['ASSAY_READ_ONLY', [], { ASSAY_READ_ONLY: 'true' }, {}],
    ['readOnly in the config file', [], {}, { readOnly: true }],
  ];
  it.each(ways)('by %s withholds weights and signs no record', async (_way, flags, env, change) => {
    const world = quickWorld(change);
    const { code, stdout } = await validator(['run', '--config', world.config, '--once', '--json', ...flags], { env });
    expect(code).toBe(0);
    const events = eventsOf(stdout);
    expect(events[0]).toMatchObject({ mode: ['read-only'] });
    expect(firstOf(events, 'weights-withheld')).toMatchObject({ reason: 'read-only' });
    expect(allOf(events, 'weights-set')).toEqual([]);
    expect(ownWeights(world)).toBeUndefined();
    const shown = await validator(['journal', 'show', '1', '--config', world.config, '--json']);
    expect(Object.keys(record.parse(JSON.parse(shown.stdout)))).not.toContain('signature');
  });

  it('tells the reader of the log why no weights are set', async () => {
    const { config } = quickWorld();
    const { stdout } = await validator(['run', '--config', config, '--once', '--read-only']);
    expect(stdout).toContain('mode: read-only');
    expect(stdout).toContain('Weights not set (read-only)');
  });
});

describe('model push with --read-only', () => {
  it('is refused before it looks at anything', async () => {
    const { config, folder } = newWorld();
    const push = ['model', 'push', folder, '--repo', 'me/mine', '--competition', 'demo-docs', '--config', config];
    const answer = await validator([...push, '--read-only', '--json']);
    expect([answer.code, errorOf(answer).code]).toEqual([2, 'READ_ONLY']);
    expect(answer.stderr).not.toContain('checking');
  });
});

describe('readOnlyChain', () => {
  it('reaches the client for what reads, and for nothing that signs', async () => {
    const called: string[] = [];
    const client = spyOf(called);
    const readOnly = readOnlyChain(client);
    const { signal } = new AbortController();
    expect(await readOnly.identity()).toEqual({ hotkey: '5Own' });
    const nothing = { uids: [], hotkeys: [], weights: [], versionKey: 0n };
    await expect(readOnly.setWeights(nothing, signal, () => Promise.resolve())).rejects.toMatchObject({
      code: 'READ_ONLY',
    });
    await expect(readOnly.revealWeights?.({}, signal)).rejects.toMatchObject({ code: 'READ_ONLY' });
    await expect(readOnly.commit('text', signal)).rejects.toMatchObject({ code: 'READ_ONLY' });
    expect(called).toEqual(['identity']);
    await readOnly.close();
    expect(called).toEqual(['identity', 'close']);
    expect(Object.keys(readOnly)).not.toContain('connection');
  });

  it('passes on every member of the contract', () => {
    const contract = readFileSync(join(ROOT, 'core', 'src', 'contracts', 'chain-client.ts'), 'utf8');
    const body = /export interface ChainClient \{([\s\S]*?)\n\}/.exec(contract)?.[1] ?? '';
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:]/gm)].map(([, name]) => name);
    const client = { ...spyOf([]), connection: () => Promise.reject(new Error('none')) };
    expect(Object.keys(readOnlyChain(client)).sort()).toEqual([...members].sort());
  });
});
