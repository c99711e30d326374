import { commitmentOf, revealsOf } from '@assay/plugin-subtensor/dist/read/commitments.js';
import { TypeRegistry } from '@polkadot/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compact } from '../../scripted-blocks.js';

const HOTKEY = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';

/** A chain whose enum has got more variants than any metadata of today names. */
const registry = new TypeRegistry();
registry.register({
  Content: {
    _enum: {
      None: 'Null',
      Raw0: '[u8; 0]',
      Raw1: '[u8; 1]',
      Raw3: '[u8; 3]',
      BigRaw: 'Bytes',
      BlakeTwo256: '[u8; 32]',
      TimelockEncrypted: '(Bytes, u64)',
      TimelockSealed: 'Sealed',
      TimelockRevealFailed: 'Null',
      ResetBondsFlag: 'Null',
      SomethingNew: 'Novelty',
    },
  },
  Sealed: { encrypted: 'Bytes', revealRound: 'u64' },
  Novelty: { text: 'Bytes', number: 'u32' },
  Info: { fields: 'Vec<Content>' },
  Registration: { deposit: 'u64', block: 'u32', info: 'Info' },
});
const TYPES: Readonly<Record<string, string>> = {
  CommitmentOf: 'Registration',
  RevealedCommitments: 'Vec<(Bytes, u64)>',
};
const values: Parameters<typeof commitmentOf>[0] = {
  storageValue(_pallet, item, value) {
    const bytes = Uint8Array.from(Buffer.from((value ?? '0x').slice(2), 'hex'));
    const decoded = registry.createType(TYPES[item] ?? '', bytes);
    if (decoded.encodedLength !== bytes.length) throw new Error('bytes\nare left');
    return decoded;
  },
};

const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
const BLOCK = 77;
const registered = (...fields: readonly unknown[]): string =>
  hex(registry.createType('Registration', { deposit: 0, block: BLOCK, info: { fields } }).toU8a());
const commitment = (value: string): ReturnType<typeof commitmentOf> => commitmentOf(values, HOTKEY, value);

describe('a commitment', () => {
  it.each([
    ['a short text', [{ Raw3: '0x616263' }], 'abc'],
    ['a long text', [{ BigRaw: `0x${'61'.repeat(300)}` }], 'a'.repeat(300)],
    ['malformed UTF-8', [{ BigRaw: '0x61ff62c3' }], 'ab'],
    ['a replacement character', [{ Raw3: '0xefbfbd' }], '\ufffd'],
    ['the first of two', [{ Raw1: '0x61' }, { Raw3: '0x626263' }], 'a'],
  ])('is %s', (_what, fields, data) => {
    expect(commitment(registered(...fields))).toEqual({ hotkey: HOTKEY, data, block: BLOCK });
  });

  it.each([
    ['empty', []],
    ['empty', ['None']],
    ['empty', [{ Raw0: '0x' }]],
    ['empty', [{ BigRaw: '0x' }]],
    ['empty', ['None', { Raw1: '0x61' }]],
    ['hash', [{ BlakeTwo256: `0x${'00'.repeat(32)}` }]],
    ['timelocked', [{ TimelockEncrypted: ['0x61', 5] }]],
    ['reveal-failed', ['TimelockRevealFailed']],
    ['unknown', ['ResetBondsFlag']],
    ['unknown', [{ TimelockSealed: { encrypted: '0x61', revealRound: 5 } }]],
    ['unknown', [{ SomethingNew: { text: '0x61', number: 1 } }]],
  ])('is no text but %s', (kind, fields) => {
    expect(commitment(registered(...fields))).toEqual({
      hotkey: HOTKEY,
      block: BLOCK,
      kind,
      detail: expect.stringMatching(/^\S.{0,199}$/) as unknown,
    });
  });

  it('of a variant that the metadata does not name hides nothing, and says why', () => {
    const unnamed = `${registered('None').slice(0, -2)}c8`;
    expect(commitment(unnamed)).toMatchObject({ kind: 'unknown', block: null });
  });

  it('of any bytes is a text or has one line of why it is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const read = commitment(hex(bytes));
        if ('data' in read) return;
        expect(read.detail).toMatch(/^[^\n]{1,200}$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('revealed commitments', () => {
  const payload = (text: string | Uint8Array, length = Buffer.from(text).length): string =>
    hex(Buffer.concat([compact(length), Buffer.from(text)]));
  const revealed = (...list: readonly (readonly [payload: string, block: number])[]): ReturnType<typeof revealsOf> =>
    revealsOf(values, HOTKEY, hex(registry.createType('Vec<(Bytes, u64)>', list).toU8a()));

  it('are the last ten, the oldest first', () => {
    const list = Array.from({ length: 13 }, (_, index) => [payload(`text ${index}`), 100 - index] as const);
    const { texts, unreadable } = revealed(...list);
    expect(texts.map(({ data, block }) => [data, block])).toEqual(
      Array.from({ length: 10 }, (_, index) => [`text ${9 - index}`, 91 + index]),
    );
    expect(unreadable).toEqual([]);
  });

  it.each([0, 1, 63, 64, 1024])('are texts of %i bytes', (length) => {
    expect(revealed([payload('x'.repeat(length)), 5]).texts).toEqual([
      { hotkey: HOTKEY, data: 'x'.repeat(length), block: 5 },
    ]);
  });

  it.each([
    ['too long', payload('x'.repeat(1025))],
    ['shorter than it says', payload('abc', 4)],
    ['longer than it says', payload('abc', 2)],
    ['of a length that no text has', hex(Buffer.from([3, 255, 255, 255, 255, 1]))],
    ['nothing at all', '0x'],
    ['cut off in its length', '0x02'],
  ])('hide nothing when one is %s', (_what, bad) => {
    const { texts, unreadable } = revealed([payload('before'), 4], [bad, 5], [payload('after'), 6]);
    expect(texts.map(({ data }) => data)).toEqual(['before', 'after']);
    expect(unreadable).toEqual([{ hotkey: HOTKEY, block: 5, kind: 'unknown', detail: 'a reveal that is no text' }]);
  });

  it('of bytes that are no list are one row that says why', () => {
    const { texts, unreadable } = revealsOf(values, HOTKEY, '0xffffff');
    expect(texts).toEqual([]);
    expect(unreadable).toEqual([
      { hotkey: HOTKEY, block: null, kind: 'unknown', detail: expect.stringMatching(/^[^\n]{1,200}$/) as unknown },
    ]);
  });
});
