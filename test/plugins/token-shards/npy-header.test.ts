import { readNpyHeader } from '@assay/plugin-token-shards/dist/npy/header.js';
import { isAssayError } from '@assay/core/errors/assay-error';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counted, npy, npyWith } from './shards.js';

const six = counted(0, 6);
const read = (content: Buffer, size = content.length): unknown => readNpyHeader('s.npy', content, size);

describe('the header of a .npy file', () => {
  it.each<[what: string, content: Buffer, shape: number[]]>([
    ['a stream', npy([6], six), [6]],
    ['a matrix', npy([2, 3], six), [2, 3]],
    ['no value', npy([0], counted(0, 0)), [0]],
    ['version 2', npyWith("{'descr': '<u4', 'fortran_order': False, 'shape': (6,), }", six, 2), [6]],
    ['version 3', npyWith("{'descr': '<u4', 'fortran_order': False, 'shape': (6,), }", six, 3), [6]],
    ['another order of members', npyWith("{'shape': (3, 2), 'fortran_order': False, 'descr': '<u4'}", six), [3, 2]],
    ['the spelling of Python 2', npyWith("{'descr': '<u4', 'fortran_order': False, 'shape': (3L, 2L), }", six), [3, 2]],
  ])('is read: %s', (_what, content, shape) => {
    expect(read(content)).toEqual({ shape, dataAt: 128 });
  });

  const stating = (header: string, version?: number): Buffer => npyWith(header, six, version);
  const plain = "'fortran_order': False, 'shape': (6,), }";
  const long = Buffer.concat([Buffer.from('\x93NUMPY\x02\x00', 'latin1'), Buffer.from([0xff, 0xff, 0xff, 0x7f])]);

  it.each<[what: string, content: Buffer, reason: string]>([
    ['nothing', Buffer.alloc(0), 'no .npy file'],
    ['another file', Buffer.from('PK\x03\x04 an archive'), 'no .npy file'],
    ['a version to come', stating(`{'descr': '<u4', ${plain}`, 4), 'version 4'],
    ['an end within the magic', npy([6], six).subarray(0, 9), 'version 1'],
    ['an end within the header', npy([6], six).subarray(0, 60), 'ends within its header'],
    ['a header of two gigabytes', Buffer.concat([long, Buffer.alloc(200)]), 'its header has 2147483647 bytes'],
    ['int64', stating(`{'descr': '<i8', ${plain}`), 'its values are <i8'],
    ['uint16', stating(`{'descr': '<u2', ${plain}`), 'its values are <u2'],
    ['big-endian values', stating(`{'descr': '>u4', ${plain}`), 'its values are >u4'],
    ['pickled objects', stating(`{'descr': '|O', ${plain}`), 'its values are |O'],
    ['a structure', stating(`{'descr': [('a', '<u4')], ${plain}`), 'not that of a plain array'],
    ['a call', stating(`{'descr': __import__('os').system('true'), ${plain}`), 'not that of a plain array'],
    ['Fortran order', stating("{'descr': '<u4', 'fortran_order': True, 'shape': (2, 3), }"), 'Fortran order'],
    ['a shape of more values', stating("{'descr': '<u4', 'fortran_order': False, 'shape': (7,), }"), 'states 28 bytes'],
    [
      'a shape of fewer values',
      stating("{'descr': '<u4', 'fortran_order': False, 'shape': (5,), }"),
      'states 20 bytes',
    ],
    ['a negative dimension', stating("{'descr': '<u4', 'fortran_order': False, 'shape': (-6,), }"), 'plain array'],
    [
      'dimensions beyond every file',
      stating("{'descr': '<u4', 'fortran_order': False, 'shape': (999999999999999, 999999999999999), }"),
      'bytes of data, and 24 follow it',
    ],
    [
      'a huge dimension',
      stating(`{'descr': '<u4', 'fortran_order': False, 'shape': (${'9'.repeat(40)},), }`),
      'its shape',
    ],
    ['a single value', stating("{'descr': '<u4', 'fortran_order': False, 'shape': (), }"), 'its shape'],
    ['three dimensions', stating("{'descr': '<u4', 'fortran_order': False, 'shape': (1, 2, 3), }"), 'its shape'],
    ['a member twice', stating(`{'descr': '<u4', 'descr': '<u4', ${plain}`), 'plain array'],
    ['another member', stating(`{'descr': '<u4', 'extra': 1, ${plain}`), 'plain array'],
    ['a member too few', stating("{'descr': '<u4', 'shape': (6,), }"), 'lacks'],
    ['no dictionary', stating('[1, 2]'), 'no dictionary'],
  ])('is refused with a code: %s', (_what, content, reason) => {
    expect(() => read(content)).toThrow(
      expect.objectContaining({ code: 'SHARD_MALFORMED', message: expect.stringContaining(reason) as string }) as Error,
    );
  });

  it('of a file that ends early is refused', () => {
    const whole = npy([6], six);
    expect(() => read(whole, whole.length - 4)).toThrow(expect.objectContaining({ code: 'SHARD_MALFORMED' }) as Error);
  });

  it('has a code for whatever bytes are changed', () => {
    const whole = npy([2, 3], six);
    const changes = fc.array(fc.tuple(fc.nat(127), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, (changed) => {
        const content = Buffer.from(whole);
        for (const [at, value] of changed) content[at] = value;
        try {
          expect(read(content)).toMatchObject({ dataAt: expect.any(Number) as number });
        } catch (error) {
          expect(isAssayError(error) && error.code).toBe('SHARD_MALFORMED');
        }
      }),
      { numRuns: 500 },
    );
  });
});
