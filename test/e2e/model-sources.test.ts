import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HostileHub } from '../hostile-hub.js';
import { LoopbackRegistry, manifestOf, sha256 } from '../plugins/oci/loopback-registry.js';
import { errorOf, validator } from './validator-process.js';
import { newFolder, newWorld, ROOT, type World } from './world.js';

const MODEL = join(ROOT, 'competitions', 'demo', 'assets', 'models', 'llama-2000steps');
const REVISION = '0123456789abcdef0123456789abcdef01234567';
const files = Object.fromEntries(readdirSync(MODEL).map((name) => [name, readFileSync(join(MODEL, name))]));

async function scene(): Promise<{ world: World; hub: HostileHub; registry: LoopbackRegistry; image: string }> {
  const hub = await HostileHub.start({ 'miner/llama': { revision: REVISION, files } });
  const registry = await LoopbackRegistry.start({ tokens: {} });
  onTestFinished(async () => {
    await hub.close();
    await registry.close();
  });
  const layers = Object.entries(files).map(([title, content]) => ({ title, content }));
  for (const { content } of layers) registry.putBlob('team/llama', content);
  const digest = registry.put('team/llama', manifestOf(layers));
  return { world: newWorld(), hub, registry, image: `oci:${registry.host}/team/llama@${digest}` };
}

describe('a store made of the hub and a registry', { timeout: 60_000 }, () => {
  it('has the models of both, and equal content once', async () => {
    const { world, hub, registry, image } = await scene();
    const of = [
      { use: 'huggingface', endpoint: hub.url },
      { use: 'oci', registries: [registry.host] },
    ];
    const config = world.configWith('several.yaml', { store: { use: 'several', of } });
    for (const model of [`miner/llama@${REVISION}`, image]) {
      const to = join(newFolder(), 'model');
      const { code, stderr } = await validator(['model', 'pull', model, '--to', to, '-c', config]);
      expect(code, stderr).toBe(0);
      for (const name of readdirSync(to)) expect(files[name]?.equals(readFileSync(join(to, name)))).toBe(true);
      expect(readdirSync(to)).toContain('model.safetensors');
    }
    // The hub's list of a large file has a digest, and so has the image: the keeper knew the content.
    const weights = `sha256:${sha256(files['model.safetensors'] ?? Buffer.alloc(0))}`;
    expect(registry.requests.some(({ path }) => path.endsWith(weights))).toBe(false);
  });

  it('asks no registry that the config does not name, and none is named twice', async () => {
    const { world, hub, registry, image } = await scene();
    const one = { use: 'huggingface', endpoint: hub.url };
    const withStore = (store: unknown): string[] => [
      ...['model', 'pull', image, '--to', join(newFolder(), 'model'), '--json'],
      ...['-c', world.configWith('other.yaml', { store })],
    ];
    const elsewhere = withStore({ use: 'oci', registries: ['ghcr.io'] });
    expect(errorOf(await validator(elsewhere))).toMatchObject({ code: 'SOURCE_NOT_SERVED', fault: 'config' });
    const twice = withStore({ use: 'several', of: [one, one] });
    expect(errorOf(await validator(twice))).toMatchObject({ code: 'SOURCES_OVERLAP', fault: 'config' });
    const unknown = withStore({ use: 'several', of: [{ ...one, endpoints: 'x' }] });
    expect(errorOf(await validator(unknown))).toMatchObject({ code: 'OPTIONS_INVALID', fault: 'config' });
    expect(registry.requests).toEqual([]);
    expect(hub.requests).toEqual([]);
  });
});
