import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireDeviceAgreement } from '../../../plugins/onnxruntime/dist/devices/agreement.js';
import { CPU, deviceOf, type Device } from '../../../plugins/onnxruntime/dist/devices/device.js';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { openModel } from '@assay/lib-model-graph/inspect';
import { LIBRARIES } from '@assay/lib-model-graph/library';
import { ElementType } from '@assay/lib-model-graph/graph/graph';
import { generate } from '@assay/lib-model-graph/generation/generate';
import { NextTokens } from '../../../plugins/onnxruntime/dist/running/next-tokens.js';
import { lossSessions, sampleLoss } from '../../../plugins/onnxruntime/dist/running/losses.js';
import { errorOf, FIXTURES, goldenOf, newEvaluator, samplesOf } from './worlds.js';

/** A Vulkan device in software, as Debian's chromium brings it; programs find devices through a loader of its own package. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const driver = process.env['VK_ICD_FILENAMES'] ?? (existsSync(SOFTWARE_DRIVER) ? SOFTWARE_DRIVER : undefined);
const libraries = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' });
const hasLoader = libraries.status === 0 && libraries.stdout.includes('libvulkan.so.1');
const missing = [
  ...(hasLoader ? [] : ['the Vulkan loader (libvulkan1)']),
  ...(driver === undefined ? ['a Vulkan driver (chromium brings one)'] : []),
];

const plainAttention: Device = { ...CPU, target: { ...CPU.target, attention: 'plain' } };

const scored = readdirSync(FIXTURES).filter((name) => name !== 'llama-nan-weight' && name !== 'README.md');

async function expectGolden(device: Device, name: string): Promise<void> {
  const directory = join(FIXTURES, name);
  const golden = goldenOf(directory);
  const samples = samplesOf(golden);
  const model = await openModel(directory, new Registry('4.44'));
  const sessions = lossSessions(model, { threads: 0, device, attention: 'eager' });
  for (const [index, rows] of samples.batches.entries())
    expect(Math.abs((await sampleLoss(sessions, rows, samples)) - Number(golden.losses[index]))).toBeLessThan(1e-5);
  await sessions.release();
  const prompt = (samples.batches[0] ?? []).map((row) => row.slice(0, samples.promptLength));
  const continued = (on: Device): Promise<number[][]> =>
    generate(model, prompt, {
      load: (run) => NextTokens.load(model, run, { threads: 0, attention: 'eager', device: on }),
      count: 20,
      padTokenId: samples.padTokenId,
      seenLength: 0,
    });
  expect(await continued(device)).toEqual(await continued(CPU));
}

describe('attention from elementary operators', () => {
  it.each(scored)('%s', async (name) => {
    await expectGolden(plainAttention, name);
  });
});

describe('the comparison with the CPU', () => {
  it.each(LIBRARIES)('passes a device that computes the same, with the classes of version %s', async (library) => {
    await expect(requireDeviceAgreement(plainAttention, 1, new Registry(library))).resolves.toBeUndefined();
  });

  it('refuses one whose losses differ', async () => {
    const coarse: Device = { ...CPU, target: { attention: 'plain', computeType: ElementType.FLOAT16 } };
    await expect(errorOf(requireDeviceAgreement(coarse, 1, new Registry('4.44')))).resolves.toMatchObject({
      code: 'DEVICE_DIFFERS',
      fault: 'config',
    });
  });
});

describe('a device that can not be used', () => {
  it('names what there is and how to install the rest', async () => {
    const error = await errorOf(newEvaluator({ device: 'cuda' }));
    expect(error).toMatchObject({ code: 'DEVICE_UNAVAILABLE', fault: 'config' });
    expect(error.hint).toContain('onnxruntime-node-install=cuda12');
  });

  it('a type in which the CPU does not compute', async () => {
    await expect(errorOf(newEvaluator({ computeType: 'float16' }))).resolves.toMatchObject({
      code: 'COMPUTE_TYPE_UNSUPPORTED',
    });
  });
});

describe.skipIf(missing.length > 0)(
  `webgpu${missing.length > 0 ? `: skipped, without ${missing.join(' and ')}` : ''}`,
  () => {
    beforeAll(() => {
      if (driver !== undefined) process.env['VK_ICD_FILENAMES'] = driver;
    });

    // The software device has no 16-bit floats, so no model that is stored in them.
    it.each(['llama-gqa-tied-biases', 'mistral-gqa-window32', 'falcon-new-decoder-gqa'])(
      '%s',
      { timeout: 180_000 },
      async (name) => {
        await expectGolden(deviceOf('webgpu', 'float32'), name);
      },
    );

    it("is refused with the runtime's own attention, which is wrong there", { timeout: 180_000 }, async () => {
      const device: Device = { ...deviceOf('webgpu', 'float32'), target: CPU.target };
      await expect(errorOf(requireDeviceAgreement(device, 1, new Registry('4.44')))).resolves.toMatchObject({
        code: 'DEVICE_DIFFERS',
      });
    });
  },
);
