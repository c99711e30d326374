import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInspector, SampledTensor } from '@assay/core/contracts/evaluator';
import { elementsOf } from '@assay/core/contracts/model';
import { similarPairs, type KnownContender } from '@assay/core/judging/similar-pairs';
import { finish } from '@assay/core/judging/steps';
import { tensorListOf } from '@assay/core/model/tensor-list';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64Of, blocksOf, sampleTensors } from '@assay/lib-model-graph/files/tensor-sample';
import { assembled, tinyFolder, tinyTensors } from './folders.js';
import { scratchFolder } from './scratch.js';
import { DEMO, errorOf, newInspector } from './worlds.js';

const { signal } = new AbortController();
const shapes = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 3 });

describe('the positions that are sampled', () => {
  it('lie inside the tensor, in ascending order, without overlaps', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), shapes, (seed, name, shape) => {
        let end = 0;
        for (const { from, length } of blocksOf(seed, name, shape)) {
          expect(from).toBeGreaterThanOrEqual(end);
          end = from + length;
        }
        expect(end).toBeLessThanOrEqual(elementsOf(shape));
      }),
    );
  });

  it('are all of a small tensor, and 256 of any larger one', () => {
    const countOf = (elements: number): number =>
      blocksOf('1', 'w', [elements]).reduce((sum, { length }) => sum + length, 0);
    expect([0, 1, 255, 256, 257, 2 ** 40].map(countOf)).toEqual([0, 1, 255, 256, 256, 256]);
  });

  it('are those that Python computes by the page on the protocol', () => {
    const from = blocksOf('7', 'model.embed_tokens.weight', [32_000, 2048]).map((block) => block.from);
    expect(from.slice(0, 3)).toEqual([2_904_793, 5_928_419, 11_759_898]);
  });

  it('follow from seed, name and shape', () => {
    const [seed, name, shape] = ['7', 'model.norm.weight', [1000, 1000]] as const;
    const given = blocksOf(seed, name, shape);
    expect(blocksOf(seed, name, shape)).toEqual(given);
    expect(blocksOf('8', name, shape)).not.toEqual(given);
    expect(blocksOf(seed, 'lm_head.weight', shape)).not.toEqual(given);
    expect(blocksOf(seed, name, [1_000_000])).not.toEqual(given);
  });
});

const bits16 = (...values: number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);

/** The values of one tensor of a file that has other bytes around it. */
async function sampled(dtype: string, shape: number[], data: Buffer): Promise<number[]> {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'weights'), Buffer.concat([Buffer.alloc(5, 0xff), data, Buffer.alloc(8, 0xff)]));
  const tensor = { name: 'w', dtype, shape, offset: 5, length: data.length, file: 'weights' };
  const found: SampledTensor[] = [];
  for await (const one of sampleTensors({ weightsFolder: folder, tensors: new Map([['w', tensor]]) }, '1', signal))
    found.push(one);
  return [...(found[0]?.values ?? [])];
}

describe('a sample of values', () => {
  it.each([
    ['BF16', bits16(0x3f80, 0xc000, 0x0000, 0x0080), [1, -2, 0, 2 ** -126]],
    ['F16', bits16(0x3c00, 0xc000, 0x0001, 0x8400), [1, -2, 2 ** -24, -(2 ** -14)]],
    ['F16', bits16(0x7bff, 0x7c00, 0xfc00, 0x7e00), [65_504, Infinity, -Infinity, Number.NaN]],
    ['F32', Buffer.from(Float32Array.of(1.5, -0.25).buffer), [1.5, -0.25]],
    ['F64', Buffer.from(Float64Array.of(1.5, 1e-3).buffer), [1.5, Math.fround(1e-3)]],
    ['I64', Buffer.from(BigInt64Array.of(-3n, 4n).buffer), [-3, 4]],
    ['I32', Buffer.from(Int32Array.of(-3, 4).buffer), [-3, 4]],
    ['I16', Buffer.from(Int16Array.of(-3, 4).buffer), [-3, 4]],
    ['I8', Buffer.from(Int8Array.of(-3, 4).buffer), [-3, 4]],
    ['U8', Buffer.from(Uint8Array.of(3, 200).buffer), [3, 200]],
  ])('%s', async (dtype, data, expected) => {
    expect(await sampled(dtype, [expected.length], data)).toEqual(expected);
  });

  it('is of the same places in whatever type, file and order the tensor is stored', async () => {
    const values = Float32Array.from({ length: 5000 }, (_none, index) => Math.fround(index / 8));
    const doubles = Buffer.from(Float64Array.from(values).buffer);
    const [first, second] = [
      await sampled('F32', [50, 100], Buffer.from(values.buffer)),
      await sampled('F64', [50, 100], doubles),
    ];
    expect(first).toHaveLength(256);
    expect(second).toEqual(first);
  });

  it('does not reach further than the file', async () => {
    await expect(sampled('F32', [100], Buffer.alloc(8))).rejects.toThrow(RangeError);
  });

  it('ends when it is given up', async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'weights'), Buffer.alloc(16));
    const tensor = { name: 'w', dtype: 'F32', shape: [4], offset: 0, length: 16, file: 'weights' };
    const given = { weightsFolder: folder, tensors: new Map([['w', tensor]]) };
    await expect(sampleTensors(given, '1', AbortSignal.abort()).next()).rejects.toThrow();
  });

  it('crosses the protocol as it is', () => {
    const bytes = Buffer.from(base64Of(Float32Array.of(1, -0.5)), 'base64');
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4), bytes.length]).toEqual([1, -0.5, 8]);
  });
});

describe('an inspector in a process of its own', () => {
  let inspector: ModelInspector;
  beforeAll(async () => {
    inspector = await newInspector();
  });
  afterAll(() => inspector.close());

  const sampleOf = async (folder: string, seed = '1'): Promise<readonly SampledTensor[]> =>
    (await inspector.sample?.(folder, seed, signal)) ?? [];

  it('lists each used tensor once, with the digest of its bytes', async () => {
    const { tensors = [] } = await inspector.inspect(join(DEMO, 'llama-2000steps'), signal);
    const names = tensors.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(tensors.reduce((sum, { shape }) => sum + elementsOf(shape), 0)).toBe(475_776);
    expect(tensors.every(({ dtype, digest }) => dtype === 'BF16' && /^[0-9a-f]{64}$/.test(digest))).toBe(true);
  });

  it('names the tensors that are constant, and lists those that are tied once', async () => {
    const ones = tinyTensors().map((tensor) =>
      tensor.shape.length === 1 ? { ...tensor, bytes: Buffer.from(new Float32Array(8).fill(1).buffer) } : tensor,
    );
    const { tensors = [] } = await inspector.inspect(
      tinyFolder({ tie_word_embeddings: true }, { 'model.safetensors': assembled(ones) }),
      signal,
    );
    expect(tensors.filter(({ constant }) => constant).map(({ shape }) => shape)).toEqual([[8], [8], [8]]);
    expect(tensors.map(({ name }) => name).filter((name) => /embed|head/.test(name))).toHaveLength(1);
  });

  it('samples equal values of equal models, and others with another seed', async () => {
    const [original, copy, other] = [
      await sampleOf(join(DEMO, 'llama-2000steps')),
      await sampleOf(join(DEMO, 'llama-2000-reordered')),
      await sampleOf(join(DEMO, 'llama-2000steps'), '2'),
    ];
    expect(original.length).toBeGreaterThan(10);
    expect(copy).toEqual(original);
    expect(other.map(({ name }) => name)).toEqual(original.map(({ name }) => name));
    expect(other).not.toEqual(original);
  });

  /** A model as a round knows it. */
  async function contenderOf(name: string, block: number): Promise<KnownContender> {
    const { tensors = [], tensorsDigest } = await inspector.inspect(join(DEMO, name), signal);
    const sample = await sampleOf(join(DEMO, name));
    return { uid: block, hotkey: name, block, tensorsDigest, list: tensorListOf(tensors), sample };
  }

  it.each<[later: string, share: number, difference: number, near: number]>([
    ['llama-2000-reordered', 1, 0, 1],
    ['llama-2000-noised', 0, 0.011, 1],
    ['llama-2000-noised-more', 0, 0.065, 0],
    ['llama-900steps', 0, 0.5, 0],
    ['mistral-450steps', 0, 1.13, 0],
  ])('tells a copy from a model that was trained on: %s', async (later, share, difference, near) => {
    const contenders = [await contenderOf('llama-2000steps', 1), await contenderOf(later, 2)];
    const within = 0.02;
    // A share that is always reached, so that the pair is told of whatever it has in common.
    const always = { share: 1e-9, within: 0.999999 };
    const [pair] = finish(similarPairs(contenders, [always, { share: 1e-9, within }]));
    expect(pair?.share).toBe(share);
    expect(pair?.distance?.difference).toBeCloseTo(difference, 1);
    expect(pair?.distance?.near.find((one) => one.within === within)?.share).toBeCloseTo(near, 2);
  });

  it('says of a folder that is no model what is wrong with it', async () => {
    const error = await errorOf(sampleOf(tinyFolder({}, { 'model.safetensors': Buffer.from('no weights') })));
    expect(error).toMatchObject({ code: 'SAFETENSORS_MALFORMED', fault: 'miner' });
  });
});
