import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scratchFolder } from '../onnxruntime/scratch.js';
import { NO_TORCH, pythons } from './pythons.js';

const SCRIPT = join(import.meta.dirname, '../../../plugins/torch/python/tests/run_documents.py');

const folder = scratchFolder();
writeFileSync(join(folder, 'weights.bin'), Buffer.from(Float32Array.of(1, 2, 3, 4).buffer));

type Document = Record<string, unknown>;
const base64 = (...values: number[]): string => Buffer.from(Float32Array.from(values).buffer).toString('base64');
const weight = { name: 'w', dtype: 'F32', shape: [4], file: 'weights.bin', offset: 0, bytes: 16 };
const add = { op: 'Add', inputs: ['x', 'w'], outputs: ['y'] };
const float = (name: string) => ({ name, dtype: 'F32', shape: [4] });
const x = { dtype: 'F32', shape: [4], data: base64(10, 20, 30, 40) };

/** x + w */
const honest: Document = {
  version: 1,
  computeType: 'F32',
  folder,
  tensors: [weight],
  inputs: [float('x')],
  outputs: [float('y')],
  nodes: [add],
};
const withWeight = (change: object): Document => ({ ...honest, tensors: [{ ...weight, ...change }] });
const withNodes = (...nodes: object[]): Document => ({ ...honest, nodes });

const LIES: { what: string; document: Document; says: string }[] = [
  { what: 'another version', document: { ...honest, version: 2 }, says: 'version 1' },
  { what: 'no nodes', document: { ...honest, nodes: undefined }, says: 'no list nodes' },
  { what: 'another type to compute in', document: { ...honest, computeType: 'F64' }, says: 'computes in F64' },
  { what: 'a weight behind the end of its file', document: withWeight({ offset: 4 }), says: 'behind the end' },
  { what: 'a weight far behind it', document: withWeight({ offset: 2 ** 52 }), says: 'behind the end' },
  { what: 'a weight before the beginning', document: withWeight({ offset: -4 }), says: 'no valid place' },
  { what: 'a shape that needs other bytes', document: withWeight({ shape: [5] }), says: 'needs 20' },
  { what: 'a shape that is negative', document: withWeight({ shape: [-4] }), says: 'no valid shape' },
  { what: 'a shape of fractions', document: withWeight({ shape: [4.5] }), says: 'no valid shape' },
  { what: 'an unknown type', document: withWeight({ dtype: 'F8' }), says: 'the type F8' },
  { what: 'a file in another folder', document: withWeight({ file: '../weights.bin' }), says: 'no plain file name' },
  { what: 'a file that is a path', document: withWeight({ file: '/etc/passwd' }), says: 'no plain file name' },
  { what: 'a file that is not there', document: withWeight({ file: 'other.bin' }), says: "can't be read" },
  { what: 'a weight twice', document: { ...honest, tensors: [weight, weight] }, says: 'twice' },
  { what: 'data that is no base64', document: withWeight({ file: undefined, data: '!' }), says: 'no valid data' },
  { what: 'data of other bytes', document: withWeight({ file: undefined, data: base64(1) }), says: 'has 4 bytes' },
  { what: 'a value that nothing defines', document: withNodes({ ...add, inputs: ['x', 'v'] }), says: 'uses v' },
  { what: 'a value that is defined twice', document: withNodes(add, add), says: "'y' twice" },
  { what: 'an output that nothing defines', document: { ...honest, nodes: [] }, says: 'the output y' },
  { what: 'an operator that is unknown', document: withNodes({ ...add, op: 'Exec' }), says: 'no operator Exec' },
  {
    what: 'an operator of another domain',
    document: withNodes({ ...add, domain: 'os' }),
    says: 'no operator os.Add',
  },
  {
    what: 'an attribute of another type',
    document: withNodes({ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 'last' } }),
    says: 'axis that is no number',
  },
];

const answers = z.array(z.union([z.object({ values: z.array(z.number()) }), z.object({ error: z.string() })]));

if (pythons.length === 0) describe.skip(NO_TORCH, () => undefined);

describe.each(pythons)('a document on torch $torch', ({ path }) => {
  const cases = [honest, ...LIES.map(({ document }) => document)].map((document) => ({ document, feeds: { x } }));
  const { stdout, stderr, status } = spawnSync(path, [SCRIPT], { input: JSON.stringify(cases), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const [first, ...found] = answers.parse(JSON.parse(stdout));

  it('is computed', () => {
    expect(first).toMatchObject({ values: [11, 22, 33, 44] });
  });

  it.each(LIES.map((lie, index) => ({ ...lie, answer: found[index] })))('with $what is refused', ({ says, answer }) => {
    expect(answer).toMatchObject({ error: expect.stringContaining(says) as unknown });
  });
});
