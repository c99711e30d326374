import { ownerMark } from '@assay/competition-duel/dist/entry/owner-mark.js';
import { safetensorsLayout } from '@assay/competition-duel/dist/entry/safetensors-layout.js';
import type { EntryContext, Finding, ListedModel } from '@assay/core/contracts/entry-check';
import { describe, expect, it } from 'vitest';

const COLDKEY = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
const CONTEXT: EntryContext = {
  constraints: { minParameters: 0, maxParameters: 1, maxBytes: 1, architectures: [], sequenceLength: 1 },
  vocabularySize: 1,
};
const listed = (paths: readonly string[], size = 1): ListedModel => ({
  reference: { namespace: 'team', name: 'model', revision: '0'.repeat(40) },
  files: paths.map((path) => ({ path, size })),
  totalBytes: paths.length * size,
});
const codeOf = (findings: readonly Finding[] = []): string | null =>
  findings.find(({ error }) => error)?.error?.code ?? null;

describe('the layout of the weights', () => {
  const INDEX = 'model.safetensors.index.json';
  const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const check = safetensorsLayout.bind(safetensorsLayout.parameters.parse({ maxBytes: 30 }));

  it.each<[paths: string[], size: number, code: string | null]>([
    [['model.safetensors'], 30, null],
    [['model.safetensors'], 31, 'WEIGHTS_TOO_LARGE'],
    [[...SHARDS, INDEX], 15, null],
    [[...SHARDS, INDEX], 16, 'WEIGHTS_TOO_LARGE'],
    [SHARDS, 1, 'SHARD_INDEX_MISSING'],
    [['weights.safetensors', INDEX], 1, 'WEIGHT_FILES_MISNAMED'],
    [['model-1-of-2.safetensors', INDEX], 1, 'WEIGHT_FILES_MISNAMED'],
    [['folder/model.safetensors'], 1, 'WEIGHT_FILES_MISNAMED'],
    [['Model.safetensors'], 1, 'WEIGHT_FILES_MISNAMED'],
    [['model.safetensors', 'optimizer.safetensors'], 16, 'WEIGHTS_TOO_LARGE'],
    [['pytorch_model.bin', INDEX], 1, 'NO_SAFETENSORS'],
    [[], 1, 'NO_SAFETENSORS'],
  ])('%j of %i bytes each: %s', (paths, size, code) => {
    expect(codeOf(check.listed?.(listed(paths, size), CONTEXT))).toBe(code);
  });

  it('has 200e9 bytes at most when nothing is said', () => {
    const check200 = safetensorsLayout.bind(safetensorsLayout.parameters.parse({}));
    expect(codeOf(check200.listed?.(listed(['model.safetensors'], 200e9), CONTEXT))).toBeNull();
    expect(codeOf(check200.listed?.(listed(['model.safetensors'], 200e9 + 1), CONTEXT))).toBe('WEIGHTS_TOO_LARGE');
  });
});

describe('the mark of the owner', () => {
  const check = ownerMark.bind(ownerMark.parameters.parse({}));
  const owner = { hotkey: 'hotkey', coldkey: COLDKEY };
  const codeIn = (namespace: string, name: string, context: EntryContext = { ...CONTEXT, owner }): string | null =>
    codeOf(check.listed?.({ ...listed([]), reference: { namespace, name, revision: '' } }, context));

  it.each([
    ['team', 'model-5FHne694ty', null],
    ['team', '5fhne694TY-v2', null],
    ['a5FHne694tyb', 'model', null],
    ['team/x5FHne694ty', 'model', null],
    ['team', 'model-5FHne-694ty', 'OWNER_MARK_MISSING'],
    ['team', 'model-694ty5FHne', 'OWNER_MARK_MISSING'],
    ['5FHne', '694ty', 'OWNER_MARK_MISSING'],
    ['team', 'model', 'OWNER_MARK_MISSING'],
  ])('in %s/%s: %s', (namespace, name, code) => {
    expect(codeIn(namespace, name)).toBe(code);
  });

  it('is not checked while the model is not claimed, and the finding says so', () => {
    expect(codeIn('team', 'model', CONTEXT)).toBeNull();
    const [finding] = check.listed?.(listed([]), CONTEXT) ?? [];
    expect(finding?.limit).toBe('not checked: the model is not claimed');
  });
});
