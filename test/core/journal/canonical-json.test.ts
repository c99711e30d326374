import type { Json } from '@assay/core/contracts/round-journal';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { wellFormed } from '@assay/core/journal/well-formed';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('canonicalJson', () => {
  // Numbers and key order after RFC 8785, section 3.2.
  it.each([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    ],
    [
      [1e21, 1e-7, 333333333.33333329, 4.5, 2e-3, 1e-27, -0, 1e300],
      '[1e+21,1e-7,333333333.3333333,4.5,0.002,1e-27,0,1e+300]',
    ],
    ['\u20ac$\u000f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    [[null, true, { a: [] }], '[null,true,{"a":[]}]'],
  ])('writes %j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [{ a: ['\ud800'] }], [{ '\udc00': 1 }]])('refuses %j', (value) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'JOURNAL_VALUE_INVALID' }));
  });

  it('reads back as the same value, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.json(), (given) => {
        const json = wellFormed(JSON.parse(given) as Json);
        const text = canonicalJson(json);
        expect(JSON.parse(text)).toEqual(json);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      }),
    );
  });
});

describe('wellFormed', () => {
  it('replaces only halves of surrogate pairs', () => {
    expect(wellFormed({ 'k\udfff': ['\u{1f600}', '\ud83d\ud83d\ude00', 1, null, false] })).toEqual({
      'k\ufffd': ['\u{1f600}', '\ufffd\u{1f600}', 1, null, false],
    });
  });
});
