import { isAssayError } from '@assay/core/errors/assay-error';
import { PyTensor, readPickles, readTorchFile, type PyValue } from '@assay/lib-python-pickle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture, GLOBALS } from './files.js';

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const read = (...parts: readonly Buffer[]): PyValue[] => readPickles('state.pickle', Buffer.concat(parts), GLOBALS);

/** The code of the error that it throws; what it returns is no error. */
function codeOf(action: () => unknown): string {
  try {
    action();
    return 'nothing';
  } catch (error) {
    if (isAssayError(error)) return error.code;
    throw error;
  }
}

const repeated = (text: string, times: number): Buffer => Buffer.alloc(text.length * times, text, 'latin1');
const MIB = 1024 * 1024;

/** A memoised text of this size, and then so many calls that would copy it. */
const copies = (size: number, times: number): Buffer => {
  const head = Buffer.alloc(5, 'X');
  head.writeUInt32LE(size, 1);
  const call = 'c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R0';
  return Buffer.concat([head, Buffer.alloc(size, 'a'), ascii('q\x00'), repeated(call, times), ascii('.')]);
};

const NAMES: readonly (readonly [what: string, file: string, name: string])[] = [
  ['GLOBAL and REDUCE', 'cos\nsystem\n(Vtouch /tmp/x\ntR.', 'os.system'],
  ['STACK_GLOBAL', '\x80\x04\x8c\x05posix\x8c\x06system\x93.', 'posix.system'],
  ['INST', '(Vx\nisubprocess\nPopen\n.', 'subprocess.Popen'],
  ['eval', 'cbuiltins\neval\n.', 'builtins.eval'],
  ['an attribute by a dotted name', '\x80\x04\x8c\x08builtins\x8c\x0cset.__init__\x93.', 'builtins.set.__init__'],
  ['import', 'cbuiltins\n__import__\n.', 'builtins.__import__'],
  ['torch.load', 'ctorch.serialization\nload\n.', 'torch.serialization.load'],
  ['a class of another program', 'cmy.module\nThing\n)\x81.', 'my.module.Thing'],
  ['a member of a prototype', 'c__proto__\nconstructor\n.', '__proto__.constructor'],
];

const FILES: readonly (readonly [what: string, file: Buffer, code: string])[] = [
  ['an empty stack', ascii('.'), 'PICKLE_MALFORMED'],
  ['no end', ascii('N'), 'PICKLE_MALFORMED'],
  ['a missing mark', ascii('t.'), 'PICKLE_MALFORMED'],
  ['a memo that is not there', ascii('h\x05.'), 'PICKLE_MALFORMED'],
  ['protocol 6', ascii('\x80\x06N.'), 'PICKLE_MALFORMED'],
  ['a call of what is no function', ascii('N)R.'), 'PICKLE_MALFORMED'],
  ['getattr of what is no enumeration', ascii('cbuiltins\ngetattr\n(cbuiltins\nset\nVadd\ntR.'), 'PICKLE_MALFORMED'],
  ['a member that does not exist', ascii('ccompetitions.data\nCompetitionId\n(K\x63tR.'), 'PICKLE_MALFORMED'],
  ['a state on a list', ascii(']}b.'), 'PICKLE_MALFORMED'],
  ['a list as a key', ascii('}]Ns.'), 'PICKLE_MALFORMED'],
  ['a float that is the name of a member', ascii('Fconstructor\n.'), 'PICKLE_MALFORMED'],
  ['a float that is the name of a prototype', ascii('F__proto__\n.'), 'PICKLE_MALFORMED'],
  ['an int of 2 GB', ascii('\x8b\xff\xff\xff\x7f'), 'PICKLE_MALFORMED'],
  ['a text of 2^63 bytes', ascii('\x8d\xff\xff\xff\xff\xff\xff\xff\x7f'), 'PICKLE_MALFORMED'],
  ['a line without an end', repeated('I1', 5000), 'PICKLE_MALFORMED'],
  ['a list that contains itself', ascii(']q\x00h\x00a.'), 'PICKLE_MALFORMED'],
  ['a persistent id', ascii('K\x01Q.'), 'PICKLE_MALFORMED'],
  ['a text of Python 2', ascii("S'x'\n."), 'PICKLE_OPCODE_REFUSED'],
  ['an extension', ascii('\x82\x01.'), 'PICKLE_OPCODE_REFUSED'],
  ['a buffer', ascii('\x97.'), 'PICKLE_OPCODE_REFUSED'],
  ['too deep', Buffer.concat([repeated(']', 1000), repeated('a', 999), ascii('.')]), 'PICKLE_TOO_LARGE'],
  [
    'a billion values in few bytes',
    ascii(`]q\x00${'](h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00eq\x00'.repeat(9)}.`),
    'PICKLE_TOO_LARGE',
  ],
  ['a million dicts', Buffer.concat([ascii('('), repeated('}', MIB), ascii('l.')]), 'PICKLE_TOO_LARGE'],
  ['a million marks', Buffer.concat([repeated('(', MIB), ascii('.')]), 'PICKLE_TOO_LARGE'],
  ['five million opcodes', Buffer.concat([repeated('N0', 5 * MIB), ascii('N.')]), 'PICKLE_TOO_LARGE'],
  ['a text that is copied without end', copies(MIB, 1000), 'PICKLE_TOO_LARGE'],
  ['more than 16 MiB', Buffer.alloc(17 * MIB, 'N'), 'PICKLE_TOO_LARGE'],
];

describe('a hostile pickle', () => {
  it.each(NAMES)('%s is refused by name', (_what, file, name) => {
    expect(() => read(ascii(file))).toThrow(
      expect.objectContaining({
        code: 'PICKLE_GLOBAL_REFUSED',
        message: expect.stringContaining(` ${name} `) as string,
      }),
    );
  });

  it.each(FILES)('%s is refused', (_what, file, code) => {
    const startedAt = performance.now();
    expect(codeOf(() => read(file))).toBe(code);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

const TORCH: readonly (readonly [what: string, change: (file: Buffer) => Buffer, code: string])[] = [
  ['an archive that is cut', (file) => file.subarray(0, -30), 'PICKLE_MALFORMED'],
  ['an archive with a changed element', (file) => withOtherElement(file), 'PICKLE_MALFORMED'],
  ['something else', () => ascii('N.'), 'PICKLE_MALFORMED'],
];

/** The element 1/8 becomes 2/8; the checksum of its storage stays. */
function withOtherElement(file: Buffer): Buffer {
  const [eighth, quarter] = [Buffer.alloc(8), Buffer.alloc(8)];
  eighth.writeDoubleLE(1 / 8);
  quarter.writeDoubleLE(2 / 8);
  const place = file.indexOf(eighth);
  return Buffer.concat([file.subarray(0, place), quarter, file.subarray(place + 8)]);
}

describe('a hostile file of torch.save', () => {
  it.each(TORCH)('%s is refused', (_what, change, code) => {
    expect(codeOf(() => readTorchFile('state', change(fixture('protocols/archive.torch')), GLOBALS))).toBe(code);
  });

  it('refuses a name inside of an archive', () => {
    const file = fixture('protocols/archive.torch');
    const text = file.toString('latin1').replaceAll('rebuild_tensor_v2', 'rebuild_tensor_v3');
    // The checksum is the first to notice, so that no byte of a changed archive is believed.
    expect(codeOf(() => readTorchFile('state', ascii(text), GLOBALS))).toBe('PICKLE_MALFORMED');
    const legacy = fixture('protocols/legacy.torch').toString('latin1').replaceAll('_v2', '_v3');
    expect(codeOf(() => readTorchFile('state', ascii(legacy), GLOBALS))).toBe('PICKLE_GLOBAL_REFUSED');
  });
});

const SEEDS: readonly (readonly [name: string, reader: (bytes: Buffer) => PyValue])[] = [
  ...[0, 2, 4].map((protocol) => [`protocols/${protocol}.pickle`, (bytes: Buffer) => read(bytes)] as const),
  ...['archive', 'legacy'].map(
    (format) => [`protocols/${format}.torch`, (bytes: Buffer) => readTorchFile('state', bytes, GLOBALS)] as const,
  ),
];

/** Reads all tensors, too: they look into their storages only when they are asked. */
function deep(value: PyValue): void {
  if (value instanceof PyTensor && value.size.length === 1) value.vector();
  else if (Array.isArray(value)) value.forEach(deep);
  else if (value instanceof Map) [...value.values()].forEach(deep);
}

describe('mutated files', () => {
  it.each(SEEDS)('%s is read or refused with a code, whatever is done to it', (name, reader) => {
    const whole = fixture(name);
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      kind: fc.constantFrom('set', 'delete', 'repeat'),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        let bytes: Buffer = whole;
        for (const { at, kind, bytes: with_ } of edits) {
          const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
          if (kind === 'set') bytes = Buffer.concat([before, with_, after.subarray(with_.length)]);
          else if (kind === 'delete') bytes = Buffer.concat([before, after.subarray(with_.length)]);
          else bytes = Buffer.concat([before, after.subarray(0, 40), after]);
        }
        const startedAt = performance.now();
        codeOf(() => {
          deep(reader(bytes));
        });
        expect(performance.now() - startedAt).toBeLessThan(5000);
      }),
      { numRuns: 2000 },
    );
  });
});
