// Writes what the GPU bench needs on a machine without Node: documents of random models, of the golden models and of the
// demo's trained ones, with the tokens to score. Also imported by gpu.bench.js.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { openModel } from '@assay/lib-model-graph/inspect';
import { DocumentConstants, documentOf } from '@assay/lib-model-graph/graph/document';
import { ElementType } from '@assay/lib-model-graph/graph/graph';
import { lossGraph } from '@assay/lib-model-graph/graph/model-graphs';
import { LARGE, SMALL } from './shapes.js';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = join(repository, 'bench/gpu/data');
const TYPES = { F32: ElementType.FLOAT, BF16: ElementType.BFLOAT16 };
const GOLDENS = [
  { path: 'test/fixtures/models', libraries: ['4.44'] },
  { path: 'test/fixtures/models2', libraries: ['4.57', '5'] },
];
const TRAINED = 'competitions/demo/assets/models';
const constants = { file: 'constants.bin', content: new DocumentConstants() };
let documents = 0;

function write(model, weightsFolder, type, batch, sequence) {
  const target = { attention: 'plain', computeType: TYPES[type], whole: true };
  const graph = lossGraph(model, batch, sequence, { target, attention: 'eager' }).graph();
  documents += 1;
  const name = `${documents}.json`;
  writeFileSync(
    join(folder, name),
    JSON.stringify(documentOf(graph, TYPES[type], relative(folder, weightsFolder), constants)),
  );
  return name;
}

/** Tensors of a class as if they lay one behind the other in one file, in BF16. */
function tensorsOf(architecture, config) {
  let offset = 0;
  return new Map(
    architecture.tensors(config).map(({ name, shape }) => {
      const length = 2 * shape.reduce((product, size) => product * size, 1);
      const tensor = { name, dtype: 'BF16', shape, file: 'model.safetensors', offset, length };
      offset += length;
      return [name, tensor];
    }),
  );
}

function randomModels(shapes, sequence, batches) {
  const registry = new Registry('5');
  return Object.entries(shapes).map(([name, raw]) => {
    const architecture = registry.architectureOf(raw.model_type);
    const config = architecture.config.parse(raw);
    const model = { architecture, config, tensors: tensorsOf(architecture, config) };
    return {
      name,
      config: raw,
      sequence,
      documents: Object.fromEntries(batches.map((batch) => [batch, write(model, folder, 'BF16', batch, sequence)])),
    };
  });
}

/** Documents of one folder in both types, by the shape of the batch. */
async function stored(path, library, batches) {
  const model = await openModel(path, new Registry(library));
  const shapes = new Map(batches.map((batch) => [`${batch.length}x${batch[0].length}`, batch]));
  const of = (type) =>
    Object.fromEntries(
      [...shapes].map(([key, batch]) => [key, write(model, model.weightsFolder, type, batch.length, batch[0].length)]),
    );
  return { className: model.architecture.className, F32: of('F32'), BF16: of('BF16') };
}

async function goldens() {
  const found = [];
  for (const { path, libraries } of GOLDENS) {
    for (const name of readdirSync(join(repository, path))) {
      if (name.endsWith('.md')) continue;
      const directory = join(repository, path, name);
      const { batches, losses } = JSON.parse(readFileSync(join(directory, 'golden.json')));
      const later = JSON.parse(readFileSync(join(directory, 'config.json'))).rope_parameters !== undefined;
      const library = later ? libraries.at(-1) : libraries[0];
      found.push({ name, batches, losses, ...(await stored(directory, library, batches)) });
    }
  }
  return found;
}

async function trained() {
  const { batches } = JSON.parse(readFileSync(join(repository, TRAINED, 'eval_batches.json')));
  const found = [];
  for (const name of readdirSync(join(repository, TRAINED))) {
    if (name.endsWith('.json') || name.includes('copy') || name.includes('reordered')) continue;
    found.push({ name, batches, ...(await stored(join(repository, TRAINED, name), '4.44', batches)) });
  }
  return found;
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const index = {
  large: randomModels(LARGE, 4096, [1, 2, 4, 8, 16]),
  small: randomModels(SMALL, 256, [1, 2, 4, 8]),
  goldens: await goldens(),
  trained: await trained(),
};
writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
writeFileSync(join(folder, constants.file), constants.content.bytes());
console.log(`${documents} documents in ${folder}`);
