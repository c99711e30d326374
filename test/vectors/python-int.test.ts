import { pythonInt } from './python-int.js';
import { describe, expect, it } from 'vitest';

// Results and messages of CPython 3.11.
describe('pythonInt', () => {
  it.each([
    ['7', 7n],
    ['+7', 7n],
    ['-7', -7n],
    ['007', 7n],
    ['1_000', 1000n],
    [' \t\n7\v\f\r', 7n],
    ['\u00a07\u3000', 7n],
    ['\u00857\u2003', 7n],
    ['\u0663\uff11', 31n],
    ['\u{1d7d9}\u{1d7ff}', 19n],
    ['9'.repeat(4300), 10n ** 4300n - 1n],
  ])('reads %j', (text, expected) => {
    expect(pythonInt(text)).toBe(expected);
  });

  it.each([
    ['', "''"],
    [' ', "' '"],
    ['+', "'+'"],
    ['1__0', "'1__0'"],
    ['_1', "'_1'"],
    ['1_', "'1_'"],
    ['1.0', "'1.0'"],
    ['0x1', "'0x1'"],
    ['- 1', "'- 1'"],
    // A byte order mark is no space, and the four separators are none here although str.isspace() says so.
    ['\ufeff1', "'\\ufeff1'"],
    ['\u001c1', "'\\x1c1'"],
    ['\u001f\uff11', "'\\x1f１'"],
    ['\u00851\u200b', "'\\x851\\u200b'"],
    ["it's", '"it\'s"'],
    ['"it\'s"', "'\"it\\'s\"'"],
    ['a\\b\n', "'a\\\\b\\n'"],
    ['\ud800', "'\\ud800'"],
    ['\u{e0001}', "'\\U000e0001'"],
    ['é😀', "'é😀'"],
    ['x'.repeat(300), `'${'x'.repeat(199)}`],
  ])('refuses %j', (text, shown) => {
    expect(() => pythonInt(text)).toThrow(
      expect.objectContaining({ python: 'ValueError', message: `invalid literal for int() with base 10: ${shown}` }),
    );
  });

  it('refuses more than 4300 digits', () => {
    expect(() => pythonInt(`-${'1_'.repeat(4300)}1`)).toThrow(
      'Exceeds the limit (4300 digits) for integer string conversion: value has 4301 digits',
    );
  });
});
