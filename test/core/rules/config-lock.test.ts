import type { EntryContext, Finding } from '@assay/core/contracts/entry-check';
import { parseJsonObject, type JsonObject } from '@assay/core/model/json-object';
import { pythonEqual } from '@assay/core/model/python-equal';
import { RuleBook } from '@assay/core/rules/rule-book';
import { describe, expect, it } from 'vitest';

const REFERENCE = { namespace: 'miner', name: 'model', revision: '0'.repeat(40) };
const parsed = (text: string): JsonObject => parseJsonObject(Buffer.from(text));

function findingsOf(parameters: object, config: JsonObject, king?: JsonObject): Finding[] {
  const { rule } = new RuleBook().bind('entryChecks', { rule: 'config-lock', ...parameters });
  const facts = {
    architecture: 'LlamaForCausalLM',
    parameterCount: 1,
    vocabularySize: 1,
    evaluationDigest: '',
    tensorsDigest: '',
    unusedTensors: [],
    dtypes: [],
  };
  const context: EntryContext = {
    constraints: { minParameters: 0, maxParameters: 1, maxBytes: 1, architectures: [], sequenceLength: 1 },
    vocabularySize: 1,
    ...(king && { defender: { reference: REFERENCE, config: king } }),
  };
  return rule.inspected?.({ reference: REFERENCE, files: [], facts, config }, context) ?? [];
}

/** Keys that are refused, in order. */
const refused = (...given: Parameters<typeof findingsOf>): unknown[] =>
  findingsOf(...given).flatMap(({ error }) => (error ? [error.payload['key']] : []));

describe('equality of JSON values as Python has it', () => {
  // By CPython 3.11: json.loads(a) == json.loads(b).
  it.each([
    ['2', '2.0', true],
    ['1', 'true', true],
    ['0', 'false', true],
    ['0.0', '-0.0', true],
    ['1e2', '100', true],
    ['2', 'true', false],
    ['1', '"1"', false],
    ['null', 'false', false],
    ['null', '0', false],
    ['""', 'false', false],
    ['[]', '{}', false],
    ['[]', '[]', true],
    ['NaN', 'NaN', false],
    ['[NaN]', '[NaN]', false],
    ['Infinity', 'Infinity', true],
    ['Infinity', '-Infinity', false],
    ['[1, 2]', '[1.0, 2]', true],
    ['[1, 2]', '[2, 1]', false],
    ['[1, 2]', '[1]', false],
    ['{"a": 1, "b": [true]}', '{"b": [1.0], "a": 1.0}', true],
    ['{"a": 1}', '{"a": 1, "b": null}', false],
    ['{"a": null}', '{"b": null}', false],
    ['{"a": 1, "a": 2}', '{"a": 2}', true],
    ['9007199254740991', '9007199254740990', false],
    ['"\\u00e9"', '"e\\u0301"', false],
  ])('%s and %s: %s', (a, b, isEqual) => {
    const [left, right] = [parsed(`{"v": ${a}}`)['v'], parsed(`{"v": ${b}}`)['v']];
    expect([pythonEqual(left, right), pythonEqual(right, left)]).toEqual([isEqual, isEqual]);
  });
});

describe('config-lock', () => {
  const king = { architectures: ['A'], hidden_size: 64, rope_theta: 10_000, tie_word_embeddings: false };

  it.each<[what: string, parameters: object, challenger: JsonObject, keys: string[]]>([
    ['takes the same config', {}, king, []],
    [
      'refuses another shape, classes first',
      {},
      { ...king, hidden_size: 65, architectures: ['B'] },
      ['architectures', 'hidden_size'],
    ],
    ['compares no classes where one model names none', {}, { ...king, architectures: [] }, []],
    ['compares keys that nobody has named only where asked', {}, { ...king, rms_norm_eps: 1e-5 }, []],
    ['compares further keys', { extraKeys: ['rms_norm_eps'] }, { ...king, rms_norm_eps: 1e-5 }, ['rms_norm_eps']],
    ['compares other keys in their place', { keys: ['rope_theta'] }, { architectures: ['A'], rope_theta: 1e4 }, []],
    ['takes a key that is null for one that is there', {}, { ...king, head_dim: null }, ['head_dim']],
    ['takes true for 1 and 0 for false', {}, { ...king, tie_word_embeddings: 0 }, []],
    ['knows no key that every object has', { extraKeys: ['constructor', 'toString'] }, king, []],
  ])('like the model that reigns %s', (_what, parameters, challenger, keys) => {
    expect(refused({ like: 'defender', ...parameters }, challenger, king)).toEqual(keys);
  });

  it('accepts everything while no model reigns, and says so', () => {
    const findings = findingsOf({ like: 'defender' }, { hidden_size: 1 });
    expect(findings).toEqual([{ name: 'config', found: 'no model reigns yet', limit: 'not compared' }]);
  });

  it.each<[what: string, fixed: object, config: JsonObject, keys: string[]]>([
    [
      'a value that equals',
      { hidden_size: 2048.0, tie_word_embeddings: false },
      { hidden_size: 2048, tie_word_embeddings: 0 },
      [],
    ],
    ['another value', { hidden_size: 2048 }, { hidden_size: 64 }, ['hidden_size']],
    ['an absent key', { hidden_size: 2048 }, {}, ['hidden_size']],
    ['null for absent', { rope_scaling: null }, {}, []],
    ['null for null', { rope_scaling: null }, { rope_scaling: null }, []],
    ['a value for null', { rope_scaling: null }, { rope_scaling: { type: 'yarn' } }, ['rope_scaling']],
    ['a key of every object for null', { constructor: null }, {}, []],
  ])('with fixed values takes or refuses %s', (_what, fixed, config, keys) => {
    expect(refused({ config: fixed }, config)).toEqual(keys);
  });

  it.each([[{}], [{ config: {} }], [{ config: { a: 1 }, keys: ['b'] }], [{ extraKeys: ['a'] }], [{ like: 'king' }]])(
    'refuses the parameters %j',
    (parameters) => {
      expect(() => new RuleBook().bind('entryChecks', { rule: 'config-lock', ...parameters })).toThrow(
        expect.objectContaining({ code: 'RULE_PARAMETERS' }),
      );
    },
  );
});
