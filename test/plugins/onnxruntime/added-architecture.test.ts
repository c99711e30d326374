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

it.each([
  ['olmo', '4.44', 'OlmoForCausalLM', 'olmo'],
  ['olmo3', '4.57', 'Olmo3ForCausalLM', 'olmo3'],
  ['olmo3', '5', 'Olmo3ForCausalLM', 'olmo3'],
  ['olmo3', '5', 'Olmo3ForCausalLM', 'olmo3-rope-parameters'],
])(
  'an added architecture (%s) is inspected, scored and continued as the library %s does',
  async (name, library, className, folder) => {
    const module = pathToFileURL(join(ROOT, `examples/architecture/${name}.js`)).href;
    const fixture = join(ROOT, 'test/fixtures', folder);
    const [inspector, evaluator] = await Promise.all([
      newInspector([module], { library }),
      newEvaluator({ library }, [module]),
    ]);
    try {
      const golden = goldenOf(fixture);
      const model = await verified(inspector, fixture);
      expect(model.facts).toMatchObject({ architecture: className, parameterCount: golden.parameter_count });
      const details = detailsOf(await evaluate(evaluator, model, [taskOf(samplesOf(golden))]));
      expect(details.losses).toHaveLength(golden.losses.length);
      for (const [index, loss] of details.losses.entries())
        expect(Math.abs(loss - Number(golden.losses[index]))).toBeLessThan(1e-5);
      expect(details.generations).toEqual(golden.generations);
    } finally {
      await Promise.all([inspector.close(), evaluator.close()]);
    }
  },
);

it('a version of the library without the added class refuses its models', async () => {
  const module = pathToFileURL(join(ROOT, 'examples/architecture/olmo3.js')).href;
  const inspector = await newInspector([module], { library: '4.44' });
  try {
    await expect(
      errorOf(inspector.inspect(join(ROOT, 'test/fixtures/olmo3'), new AbortController().signal)),
    ).resolves.toMatchObject({ code: 'ARCHITECTURE_UNSUPPORTED', fault: 'miner' });
  } finally {
    await inspector.close();
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

/** Another architecture under the names of OLMo, or under those of a class that comes along. */
const copyOf = (className: string, modelType: string): string =>
  moduleOf(
    `import olmo from '${olmo}'; export default { ...olmo, className: '${className}', modelType: '${modelType}' };`,
  );

it.each<[what: string, modules: () => string[], code: string, usable: number]>([
  ['no such module', () => ['file:///no/such/module.js', olmo], 'ARCHITECTURE_MODULE', 1],
  ['something else', () => [moduleOf('export default { className: "X" };'), olmo], 'ARCHITECTURE_MODULE', 1],
  ['one that throws', () => [olmo, moduleOf('throw new Error("no");')], 'ARCHITECTURE_MODULE', 1],
  [
    'one of a class that comes along',
    () => [copyOf('LlamaForCausalLM', 'my-llama'), olmo],
    'ARCHITECTURE_DUPLICATE',
    1,
  ],
  ['two of one class', () => [olmo, copyOf('OlmoForCausalLM', 'my-olmo')], 'ARCHITECTURE_DUPLICATE', 0],
])('%s is left out with a warning, and the evaluator starts', async (_what, modules, code, usable) => {
  const warnings: unknown[] = [];
  const evaluator = await newEvaluator({}, modules(), (_level, _message, context) => warnings.push(context));
  try {
    const { signal } = new AbortController();
    const classes = await evaluator.architectures?.(signal);
    expect(classes?.includes('LlamaForCausalLM')).toBe(true);
    expect(classes?.includes('OlmoForCausalLM')).toBe(usable === 1);
    expect(warnings).toHaveLength(2 - usable);
    expect(warnings).toEqual(
      warnings.map(() => expect.objectContaining({ code, module: expect.any(String) as string }) as unknown),
    );
  } finally {
    await evaluator.close();
  }
});
