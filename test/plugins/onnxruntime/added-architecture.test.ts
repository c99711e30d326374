import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { checkPlugin } from '@assay/core/plugin/check';
import { scratchFolder } from './scratch.js';
import {
  detailsOf,
  errorOf,
  evaluate,
  goldenOf,
  newEvaluator,
  newInspector,
  samplesOf,
  taskOf,
  verified,
} from './worlds.js';

const ROOT = join(import.meta.dirname, '../../..');
const OLMO = join(ROOT, 'test/fixtures/olmo');
const olmo = pathToFileURL(join(ROOT, 'examples/architecture/olmo.js')).href;

it('a package brings modules for another plugin', () => {
  const registry = new PluginRegistry([
    checkPlugin('competition-olmo', {
      apiVersion: 1,
      name: 'competition-olmo',
      provides: { modules: { onnxruntime: [olmo] } },
    }),
  ]);
  expect(registry.modulesFor('onnxruntime')).toEqual([olmo]);
  expect(registry.modulesFor('another')).toEqual([]);
});

it('an added architecture is inspected, scored and continued as the library does', async () => {
  const [inspector, evaluator] = await Promise.all([newInspector([olmo]), newEvaluator({}, [olmo])]);
  try {
    const golden = goldenOf(OLMO);
    const model = await verified(inspector, OLMO);
    expect(model.facts).toMatchObject({ architecture: 'OlmoForCausalLM', parameterCount: golden.parameter_count });
    const details = detailsOf(await evaluate(evaluator, model, [taskOf(samplesOf(golden))]));
    for (const [index, loss] of details.losses.entries())
      expect(Math.abs(loss - Number(golden.losses[index]))).toBeLessThan(1e-5);
    expect(details.generations).toEqual(golden.generations);
  } finally {
    await Promise.all([inspector.close(), evaluator.close()]);
  }
});

it('without it the model is refused', async () => {
  const inspector = await newInspector();
  try {
    await expect(errorOf(inspector.inspect(OLMO, new AbortController().signal))).resolves.toMatchObject({
      code: 'ARCHITECTURE_UNSUPPORTED',
      fault: 'miner',
    });
  } finally {
    await inspector.close();
  }
});

const moduleOf = (text: string): string => {
  const path = join(scratchFolder(), 'module.mjs');
  writeFileSync(path, text);
  return pathToFileURL(path).href;
};

it.each([
  ['twice the same', () => [olmo, olmo], 'ARCHITECTURE_DUPLICATE'],
  ['no such module', () => ['file:///no/such/module.js'], 'ARCHITECTURE_MODULE'],
  ['something else', () => [moduleOf('export default { className: "X" };')], 'ARCHITECTURE_MODULE'],
  ['one that throws', () => [moduleOf('throw new Error("no");')], 'ARCHITECTURE_MODULE'],
])('%s: the start says why', async (_what, modules, code) => {
  const evaluator = await newEvaluator({}, modules());
  try {
    await expect(errorOf(evaluator.numerics(new AbortController().signal))).resolves.toMatchObject({
      code,
      fault: 'config',
    });
  } finally {
    await evaluator.close();
  }
});
