import { parseJsonDocument, parseJsonObject, UnusableJson } from '@assay/core/model/json-object';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

function failure(document: Uint8Array | string): UnusableJson {
  try {
    parseJsonObject(typeof document === 'string' ? bytes(document) : document);
  } catch (error) {
    if (error instanceof UnusableJson) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a JSON object of a miner', () => {
  it.each<[text: string, value: Record<string, unknown>]>([
    ['{}', {}],
    ['{"a": NaN, "b": [Infinity, -Infinity]}', { a: Number.NaN, b: [Infinity, -Infinity] }],
    ['{"a": 1, "b": 2, "a": 3}', { a: 3, b: 2 }],
    ['{"a": "NaN", "b": "\\"Infinity"}', { a: 'NaN', b: '"Infinity' }],
    ['{"a": "\\ud800 \\u00e9 \\\\"}', { a: '\ud800 é \\' }],
    [' \t\r\n{"a"\n:\n-0.5e+2 ,"b":[ ] , "c" : { } }\n', { a: -50, b: [], c: {} }],
    ['{"a": 1e999, "b": 123456789012345678901234567890}', { a: Infinity, b: 1.2345678901234568e29 }],
    ['{"a": {"b": [true, false, null]}}', { a: { b: [true, false, null] } }],
    ['{"__proto__": {"polluted": 1}, "a": 1}', { a: 1 }],
  ])('%s', (text, value) => {
    expect(parseJsonObject(bytes(text))).toEqual(value);
  });

  it.each([
    ' \n',
    '\ufeff{}',
    '\u00a0{}',
    '{"a": 1,}',
    '{"a": [1,]}',
    '{"a": 1. "b": 2}',
    '{"a": 01}',
    '{"a": 1.}',
    '{"a": .5}',
    '{"a": +Infinity}',
    '{"a": -NaN}',
    '{"a": nan}',
    '{"a": True}',
    "{'a': 1}",
    '{"a" 1}',
    '{a: 1}',
    '{"a": 1} // a',
    '{}{}',
    '{}\u0000',
    '{"a": "\t"}',
    '{"a": "\\x"}',
    '{"a": "b',
    '{"a": "b\\',
    '{',
    '{"a": [',
  ])('%j is no JSON', (text) => {
    expect(failure(text)).toMatchObject({ message: 'it is not JSON', isMalformed: true });
  });

  it.each([
    ['', 'it is empty'],
    ['<!DOCTYPE html>', 'it is a web page (HTML)'],
  ])('%j is no JSON, and named for what it is', (text, message) => {
    expect(failure(text)).toMatchObject({ message: expect.stringContaining(message) as string, isMalformed: true });
  });

  it('in another encoding is no JSON', () => {
    expect(failure(Uint8Array.of(0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d))).toMatchObject({ isMalformed: true });
  });

  it.each([
    ['[]', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    ['NaN', 'it is not a JSON object'],
    ['"{}"', 'it is not a JSON object'],
    [nested(401), 'it is nested deeper than 400'],
    ['['.repeat(1_000_000), 'it is nested deeper than 400'],
    [`{"a": -${'9'.repeat(4301)}}`, 'it has an integer of more than 4300 digits'],
  ])('%.20s is JSON that can not be used', (text, message) => {
    expect(failure(text)).toMatchObject({ message, isMalformed: false });
  });

  it.each<[text: string, floats: string[]]>([
    ['{"a": 2, "b": 2.0, "c": 2e0, "d": -0.5, "e": -7}', ['b', 'c', 'd']],
    ['{"a": NaN, "b": -Infinity, "c": true, "d": null, "e": "2.0"}', ['a', 'b']],
    ['{"a": [2.0], "b": {"a": 2.0, "c": 2.0}, "d": 1}', []],
    ['{"a": 2.0, "a": 2, "b": 2, "b": 2.0}', ['b']],
  ])('%s has floats, as Python sees it', (text, floats) => {
    expect([...parseJsonDocument(bytes(text)).floats]).toEqual(floats);
  });

  it('may be as deep and as long as the library bears', () => {
    expect(parseJsonObject(bytes(nested(400)))).toHaveProperty('a');
    expect(parseJsonObject(bytes(`{"a": -${'9'.repeat(4300)}, "b": ${'9'.repeat(5000)}.5}`))).toHaveProperty('b');
  });

  it('is read as JSON.parse reads it, where that reads it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(3), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        const expected = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
        expect(parseJsonObject(bytes(text))).toEqual(expected);
      }),
    );
  });
});
