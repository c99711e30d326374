import { PyRecord, PyTensor, readPickles, readTorchFile, type PyValue } from '@assay/lib-python-pickle';
import { describe, expect, it } from 'vitest';
import { fixture, GLOBALS } from './files.js';

const only = <T>([first, ...others]: readonly T[]): T => {
  if (first === undefined || others.length > 0) throw new Error('not one');
  return first;
};

const vectorOf = (value: PyValue | undefined): number[] => {
  if (!(value instanceof PyTensor)) throw new Error('no tensor');
  return value.vector();
};

describe('readPickles', () => {
  it.each([0, 1, 2, 3, 4, 5])('reads everything that occurs in protocol %i', (protocol) => {
    const found = only(readPickles('file', fixture(`protocols/${protocol}.pickle`), GLOBALS));
    if (!Array.isArray(found)) throw new Error('no list');
    const [claims, results, kept, plain, tensor, float, int] = found;
    const hotkey = '5EnZS7ZBt9HukjpdioEfTHUaRpXfySMC7xVx799tFvkNxHer';
    const claim = claims instanceof Map ? claims.get(hotkey) : undefined;
    if (!(claim instanceof PyRecord)) throw new Error('no record');
    expect(claim.className).toBe('ModelMetadata');
    expect(claim.attributes.get('block')).toBe(1000n);
    expect(claim.attributes.get('id')).toMatchObject({ className: 'ModelId' });
    const own = results instanceof Map ? results.get(hotkey) : undefined;
    const ofOne = own instanceof Map ? own.get(1n) : undefined;
    const first = Array.isArray(ofOne) ? ofOne[0] : undefined;
    expect(first instanceof PyRecord && first.attributes).toEqual(
      new Map<string, unknown>([
        ['block', 1900n],
        ['score', 2],
        ['winning_model_block', 1000n],
        ['winning_model_score', 2],
      ]),
    );
    expect(kept).toEqual(
      new Map([
        [1n, new Set([2n, 8n, 40n])],
        [2n, new Set([2n])],
      ]),
    );
    expect(plain).toEqual(
      new Map<string, unknown>([
        ['new', new Set([1n, 2n])],
        ['frozen', new Set([3n])],
        ['floats', [1.5, Infinity, -0]],
        ['ints', [0n, 255n, 65536n, -1n, 2n ** 63n, -(2n ** 40n)]],
        ['text', 'na\u00efve \u2603 \u{1f600}'],
        ['none', null],
        ['flags', [true, false]],
        ['bytes', Buffer.from([0, 255])],
        ['tuple', [1n, [2n], []]],
      ]),
    );
    expect(vectorOf(tensor)).toEqual([0, 0.5, 0, 0.25]);
    expect([float, int]).toEqual([2.5, -3n]);
  });

  it('reads pickles that stand one behind the other', () => {
    const [kept, pending] = readPickles('file', fixture('6.0/uids.pickle'), GLOBALS);
    expect(kept).toBeInstanceOf(Map);
    expect(pending).toEqual(
      new Map([
        [1n, new Set([9n])],
        [6n, new Set([9n])],
      ]),
    );
  });
});

describe('readTorchFile', () => {
  it.each(['archive', 'legacy'])('reads tensors of the %s format, views included', (format) => {
    const found = readTorchFile('file', fixture(`protocols/${format}.torch`), GLOBALS);
    if (!(found instanceof Map)) throw new Error('no dict');
    expect(vectorOf(found.get('whole'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((eighths) => eighths / 8));
    expect(vectorOf(found.get('view'))).toEqual([1, 3, 5, 7].map((eighths) => eighths / 8));
    expect(vectorOf(found.get('half'))).toEqual([0.5, 0, 0]);
  });
});
