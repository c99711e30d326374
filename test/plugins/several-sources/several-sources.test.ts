import { describe, expect, it } from 'vitest';
import type { ModelSource } from '@assay/core/contracts/model-store';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { systemClock } from '@assay/core/runtime/system-clock';
import several from '@assay/plugin-several-sources';

const never = new AbortController().signal;
const { store } = several.provides;

function part(sources: readonly string[] | undefined, name: string): ModelSource {
  return {
    description: name,
    ...(sources ? { sources } : {}),
    list: (reference) => Promise.resolve({ files: [{ path: `${name}/${reference.name}`, size: 1 }], totalBytes: 1 }),
    open: (_reference, file) =>
      Promise.resolve({ start: 0, version: `${name} ${file.path}`, bytes: (async function* () {})() }),
  };
}

async function madeOf(parts: Readonly<Record<string, ModelSource>>): Promise<ModelSource> {
  const made: PluginDeps['make'] = (_contract, { use }) => Promise.resolve(parts[use] as never);
  const deps: PluginDeps = {
    clock: systemClock,
    dataDir: '/nonexistent',
    netuid: 9,
    modules: [],
    make: made,
    environment: {},
    log: () => undefined,
    resolvePath: (path) => path,
  };
  if (!store) throw new Error('several provides a store');
  const of = Object.keys(parts).map((use) => ({ use }));
  return store.create(store.options.parse({ of }), deps, never);
}

const reference = { namespace: 'miner', name: 'llama', revision: 'x' };

describe('a store made of several', () => {
  it('asks the one that serves the kind of the reference', async () => {
    const source = await madeOf({ hub: part(undefined, 'hub'), images: part(['oci', 'x1'], 'images') });
    expect(source.sources).toEqual(['hf', 'oci', 'x1']);
    expect(source.description).toBe('hub; images');
    const file = { path: 'f', size: 1 };
    for (const [kind, name] of [
      [undefined, 'hub'],
      ['hf', 'hub'],
      ['oci', 'images'],
      ['x1', 'images'],
    ] as const) {
      const asked = { ...reference, ...(kind ? { source: kind } : {}) };
      expect((await source.list(asked, never)).files[0]?.path).toBe(`${name}/llama`);
      expect((await source.open(asked, file, { start: 0, end: 1 }, never)).version).toBe(`${name} f`);
    }
    await expect(source.list({ ...reference, source: 'ipfs' }, never)).rejects.toMatchObject({
      code: 'SOURCE_NOT_SERVED',
      fault: 'config',
    });
  });

  it('refuses two for one kind', async () => {
    await expect(madeOf({ hub: part(undefined, 'hub'), folder: part(['hf', 'oci'], 'folder') })).rejects.toMatchObject({
      code: 'SOURCES_OVERLAP',
      fault: 'config',
      payload: { source: 'hf', first: 'hub', second: 'folder' },
    });
  });
});
