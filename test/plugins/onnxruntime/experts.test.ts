import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel } from '@assay/plugin-onnxruntime/dist/encode.js';
import { experts } from '@assay/lib-model-graph/blocks/experts';
import type { StoredTensor } from '@assay/lib-model-graph/files/weights';
import { ElementType } from '@assay/lib-model-graph/graph/graph';
import { GraphBuilder } from '@assay/lib-model-graph/graph/graph-builder';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from './scratch.js';

type Matrix = number[][];
interface Mixture {
  chosen: number;
  normalized: boolean;
  router: Matrix;
  experts: { gate: Matrix; up: Matrix; down: Matrix }[];
}
/** File and type of each expert. */
type Layout = (expert: number) => { file: string; dtype: 'F32' | 'F64' };
const together: Layout = () => ({ file: 'a', dtype: 'F32' });

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const times = (matrix: Matrix, x: readonly number[]): number[] => matrix.map((row) => dot(row, x));

/** Experts of a token with their probabilities, the likeliest first; of equal ones the first. */
function ranked({ router }: Mixture, x: readonly number[]): { index: number; share: number }[] {
  const scores = times(router, x);
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers
    .map((power, index) => ({ index, share: power / total }))
    .sort((a, b) => b.share - a.share || a.index - b.index);
}

/** All experts of a token, of which those that are not chosen count nothing: in doubles, without regard for speed. */
function plain(mixture: Mixture, x: readonly number[]): number[] {
  const chosen = ranked(mixture, x).slice(0, mixture.chosen);
  const total = mixture.normalized ? chosen.reduce((sum, { share }) => sum + share, 0) : 1;
  const outputs = mixture.experts.map(({ gate, up, down }, index) => {
    const share = chosen.find((one) => one.index === index)?.share ?? 0;
    const inner = times(gate, x).map((value, row) => (value / (1 + Math.exp(-value))) * dot(up[row] ?? [], x));
    return times(down, inner).map((value) => (value * share) / total);
  });
  return x.map((_none, column) => outputs.reduce((sum, output) => sum + (output[column] ?? 0), 0));
}

function written(folder: string, mixture: Mixture, layout: Layout): Map<string, StoredTensor> {
  const files = new Map<string, Buffer[]>();
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, matrix: Matrix, { file, dtype }: ReturnType<Layout>): void => {
    const parts = files.get(file) ?? [];
    files.set(file, parts);
    const values = dtype === 'F32' ? Float32Array.from(matrix.flat()) : Float64Array.from(matrix.flat());
    const bytes = Buffer.from(values.buffer);
    const offset = parts.reduce((sum, part) => sum + part.length, 0);
    tensors.set(name, {
      name,
      file,
      dtype,
      shape: [matrix.length, matrix[0]?.length ?? 0],
      offset,
      length: bytes.length,
    });
    parts.push(bytes);
  };
  add('router', mixture.router, together(0));
  for (const [index, { gate, up, down }] of mixture.experts.entries()) {
    for (const [part, matrix] of Object.entries({ down, gate, up })) add(`${index}.${part}`, matrix, layout(index));
  }
  for (const [file, parts] of files) writeFileSync(join(folder, file), Buffer.concat(parts));
  return tensors;
}

/** What the block gives for these rows. */
async function computed(mixture: Mixture, rows: Matrix, layout: Layout = together): Promise<Matrix> {
  const folder = scratchFolder();
  const g = new GraphBuilder(written(folder, mixture, layout));
  const width = mixture.router[0]?.length ?? 0;
  const x = g.input({ name: 'x', type: ElementType.FLOAT, dims: ['rows', width] });
  const shape = { ...mixture, count: mixture.experts.length, activation: 'silu' };
  const matrices = (index: number) => ({ gate: `${index}.gate`, up: `${index}.up`, down: `${index}.down` });
  const y = experts(g, x, shape, { router: 'router', expert: matrices });
  g.output({ name: 'y', type: ElementType.FLOAT, dims: ['rows', width] }, y);
  const session = await InferenceSession.create(encodeModel(g.graph()), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: folder } },
  });
  const feed = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, width]);
  const { y: output } = await session.run({ x: feed });
  await session.release();
  const values = Array.from(output?.data as Float32Array);
  return rows.map((_none, row) => values.slice(row * width, (row + 1) * width));
}

const value = fc.double({ min: -1, max: 1, noNaN: true }).map(Math.fround);
const matrix = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows });
const arbitrary = fc
  .record({
    width: fc.integer({ min: 1, max: 6 }),
    inner: fc.integer({ min: 1, max: 5 }),
    count: fc.integer({ min: 1, max: 7 }),
    rows: fc.integer({ min: 1, max: 6 }),
  })
  .chain(({ width, inner, count, rows }) =>
    fc.record({
      mixture: fc.record({
        chosen: fc.integer({ min: 1, max: count }),
        normalized: fc.boolean(),
        router: matrix(count, width),
        experts: fc.array(
          fc.record({ gate: matrix(inner, width), up: matrix(inner, width), down: matrix(width, inner) }),
          { minLength: count, maxLength: count },
        ),
      }),
      rows: matrix(rows, width),
      layouts: fc.array(
        fc.record({ file: fc.constantFrom('a', 'b'), dtype: fc.constantFrom('F32' as const, 'F64' as const) }),
        {
          minLength: count,
          maxLength: count,
        },
      ),
    }),
  );

const near = (mixture: Mixture, x: readonly number[]): boolean => {
  const order = ranked(mixture, x);
  const [last, next] = [order[mixture.chosen - 1]?.share ?? 0, order[mixture.chosen]?.share ?? 0];
  return last - next < 1e-4;
};
const unused = (matrix: Matrix): Matrix => matrix.map((row) => row.map(() => Number.NaN));

/** Experts of one row and one column, of which expert i gives i + 1 for a row of ones: silu(1) * up * down. */
const counting = (count: number, router: Matrix): Mixture => ({
  chosen: 2,
  normalized: true,
  router,
  experts: Array.from({ length: count }, (_none, index) => ({
    gate: [[1, 0]],
    up: [[1, 0]],
    down: [[(index + 1) * (1 + Math.exp(-1))], [0]],
  })),
});

describe('mixture of experts', () => {
  it('gives what all experts give in plain arithmetic, and reads no expert that no token chose', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ mixture, rows, layouts }) => {
        fc.pre(!rows.some((x) => near(mixture, x)));
        const expected = rows.map((x) => plain(mixture, x));
        const used = new Set(
          rows.flatMap((x) => ranked(mixture, x).slice(0, mixture.chosen)).map(({ index }) => index),
        );
        const spoilt = mixture.experts.map(({ gate, up, down }, index) =>
          used.has(index) ? { gate, up, down } : { gate: unused(gate), up: unused(up), down: unused(down) },
        );
        const layout: Layout = (index) => layouts[index] ?? together(index);
        const actual = await computed({ ...mixture, experts: spoilt }, rows, layout);
        for (const [row, values] of actual.entries())
          for (const [column, one] of values.entries())
            expect(Math.abs(one - (expected[row]?.[column] ?? NaN))).toBeLessThan(1e-5);
      }),
      { numRuns: 100 },
    );
  });

  it('takes the first of experts with equal scores', async () => {
    const tied = counting(6, [
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [-1, 0],
    ]);
    const [[first = NaN] = []] = await computed(tied, [[1, 0]]);
    const share = Math.E / (Math.E + 1);
    expect(first).toBeCloseTo(2 * share + 1 * (1 - share), 5);
    const [[same = NaN] = []] = await computed(
      counting(
        5,
        Array.from({ length: 5 }, () => [0, 0]),
      ),
      [[1, 0]],
    );
    expect(same).toBeCloseTo(1.5, 5);
  });

  it('leaves other tokens alone where the scores of one are no numbers', async () => {
    const mixture = counting(
      40,
      Array.from({ length: 40 }, (_none, index) => [index, 1]),
    );
    const [good, spoilt, again] = await computed(mixture, [
      [1, 0],
      [1, Number.NaN],
      [1, 0],
    ]);
    expect(spoilt?.every(Number.isNaN)).toBe(true);
    expect(good?.every(Number.isFinite)).toBe(true);
    expect(again).toEqual(good);
  });

  it('refuses experts in more parts of files than any writer makes', async () => {
    const mixture = counting(
      17,
      Array.from({ length: 17 }, (_none, index) => [index, 0]),
    );
    const scattered = computed(mixture, [[1, 0]], (index) => ({ file: `file${index}`, dtype: 'F32' }));
    await expect(scattered).rejects.toMatchObject({ code: 'EXPERTS_SCATTERED', payload: { parts: 17, limit: 16 } });
    const [[value = NaN] = []] = await computed(mixture, [[1, 0]], (index) => ({
      file: `file${index % 16}`,
      dtype: 'F32',
    }));
    expect(value).toBeCloseTo(17 * (Math.E / (1 + Math.E)) + 16 / (1 + Math.E), 4);
  });
});
