import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelReference } from '@assay/core/contracts/model';
import { foldersOf, referenceIn } from '@assay/core/model/store/reference-folders';

const hub: ModelReference = { namespace: 'miner', name: 'llama', revision: 'a'.repeat(40) };
const image: ModelReference = {
  source: 'oci',
  namespace: 'registry.example/team',
  name: 'llama',
  revision: 'sha256:ab',
};

const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,12}$/);
const anyReference = fc.oneof(
  fc.record({ namespace: part, name: part, revision: part }),
  fc.record({
    source: fc.constantFrom('oci', 'x1'),
    namespace: fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', ':1', ':5000'))
      .map(([[host = '', ...parts], port]) => [`${host}${port}`, ...parts].join('/')),
    name: part,
    revision: fc.tuple(part, part).map((parts) => parts.join(':')),
  }),
);

describe('the folders of a reference', () => {
  it('are what they always were for the hub, and name the source of any other', () => {
    expect(foldersOf(hub)).toEqual(['miner', 'llama', 'a'.repeat(40)]);
    expect(foldersOf({ ...hub, source: 'hf' })).toEqual(foldersOf(hub));
    expect(foldersOf(image)).toEqual(['oci~registry.example~team', 'llama', 'sha256~ab']);
    const namespace = 'registry.example:5000/team';
    expect(foldersOf({ ...image, namespace })).toEqual(['oci~registry.example+5000~team', 'llama', 'sha256~ab']);
  });

  it('lead back to it, so that no two share them', () => {
    fc.assert(
      fc.property(anyReference, (reference) => {
        expect(referenceIn(...foldersOf(reference))).toEqual(reference);
      }),
    );
  });

  it.each<[string, Partial<ModelReference>]>([
    ['a way out', { namespace: '..' }],
    ['a way out further down', { ...image, namespace: 'registry.example/..' }],
    ['no part between two slashes', { ...image, namespace: 'registry.example//team' }],
    ['the sign that joins parts', { namespace: 'oci~registry.example' }],
    ['it in a name', { ...image, name: 'a~b' }],
    ['a port that is none', { ...image, namespace: 'registry.example:x/team' }],
    ['a port further down', { ...image, namespace: 'registry.example/team:5000' }],
    ['the sign of a port', { ...image, namespace: 'registry.example+5000/team' }],
    ['a port at the hub', { namespace: 'miner:5000' }],
    ['a slash where the hub has none', { namespace: 'a/b' }],
    ['a folder that no disk can name', { ...image, namespace: `${'x'.repeat(200)}/${'y'.repeat(100)}` }],
    ['nothing for a name', { name: '' }],
  ])('are refused with %s', (_what, change) => {
    expect(() => foldersOf({ ...hub, ...change })).toThrow(expect.objectContaining({ code: 'FILE_NAME_REFUSED' }));
  });

  it.each([
    ['lost+found', 'x', 'y'],
    ['hf~miner', 'llama', 'a'],
    ['oci~', 'llama', 'a'],
    ['oci~a~b+5000', 'llama', 'a'],
    ['miner+5000', 'llama', 'a'],
    ['.', 'x', 'y'],
  ])('are not those of %s/%s/%s', (...folders) => {
    expect(referenceIn(...folders)).toBeUndefined();
  });
});
