import type { Question } from '@assay/core/plugin/plugin';
import { checkPluginPackage } from '@assay/core/testing/plugin-conformance';
import huggingFace from '@assay/plugin-huggingface';
import localFiles from '@assay/plugin-local-files';
import onnxruntime from '@assay/plugin-onnxruntime';
import reporters from '@assay/plugin-reporters';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const options = z.strictObject({
  path: z.string(),
  url: z.url(),
  count: z.number().int().default(1),
  device: z.enum(['cpu', 'gpu']),
  deep: z.strictObject({ er: z.boolean() }).optional(),
});

const asking = (questions: readonly unknown[]): unknown => ({
  apiVersion: 1,
  name: 'asking',
  provides: { rows: { options, create: () => undefined, questions } },
});

const question = (change: Partial<Question>): Question => ({
  key: 'path',
  question: 'Which?',
  kind: 'text',
  ...change,
});

async function reasonsOf(exported: unknown): Promise<(string | undefined)[]> {
  return (await checkPluginPackage('asking', exported)).flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
}

describe('questions', () => {
  it.each<[what: string, question: Partial<Question>, reason: RegExp | undefined]>([
    ['a path', { kind: 'path' }, undefined],
    ['a text of a form that only the schema knows', { key: 'url' }, undefined],
    ['a default', { key: 'count', kind: 'number', default: 3 }, undefined],
    ['a choice', { key: 'device', kind: 'choice', choices: ['cpu', 'gpu'], default: 'cpu' }, undefined],
    ['an option that lies deeper', { key: 'deep.er', kind: 'boolean' }, undefined],
    ['an option that there is not', { key: 'paht' }, /paht with the answer "text": Unrecognized key/],
    ['a deeper option that there is not', { key: 'deep.erer', kind: 'boolean' }, /Unrecognized key/],
    ['a default that is refused', { key: 'count', kind: 'number', default: 1.5 }, /expected int/],
    ['a choice that is refused', { key: 'device', kind: 'choice', choices: ['cpu', 'tpu'] }, /"tpu": Invalid option/],
    ['a kind that there is not', { kind: 'secret' as 'text' }, /PLUGIN_MALFORMED.*kind/s],
    ['a choice without choices', { kind: 'choice' }, /PLUGIN_MALFORMED.*choices/s],
    ['choices of another kind', { choices: ['a', 'b'] }, /PLUGIN_MALFORMED.*choices/s],
    ['a key that is none', { key: 'a..b' }, /PLUGIN_MALFORMED.*key/s],
  ])('take or refuse %s', async (_what, change, reason) => {
    const reasons = await reasonsOf(asking([question(change)]));
    expect(reasons).toEqual(reason ? [expect.stringMatching(reason)] : []);
  });

  it.each([localFiles, onnxruntime, reporters, huggingFace])('of $name fit its options', async (plugin) => {
    const results = await checkPluginPackage(plugin.name, {
      ...plugin,
      provides: { ...plugin.provides, datasets: {} },
    });
    expect(results.filter(({ reason }) => reason !== undefined)).toEqual([]);
    if (plugin !== huggingFace)
      expect(results.map(({ name }) => name)).toContain(
        'asks for options that it has, and takes the answers that it offers',
      );
  });
});

it('a check that is no function is refused', async () => {
  const plugin = {
    apiVersion: 1,
    name: 'asking',
    provides: { rows: { options, create: () => undefined, check: true } },
  };
  expect(await reasonsOf(plugin)).toEqual([expect.stringMatching(/rows.check: must be a function/)]);
});
