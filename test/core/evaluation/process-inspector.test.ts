import { join } from 'node:path';
import { ProcessInspector } from '@assay/core/evaluation/process-inspector';
import { afterEach, describe, expect, it } from 'vitest';

const open: ProcessInspector[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((inspector) => inspector.close()));
});

function inspectorThat(mode: string): ProcessInspector {
  const inspector = new ProcessInspector(
    {
      command: [process.execPath, join(import.meta.dirname, 'program.mjs'), mode],
      ...{ environment: {}, startDeadlineMs: 20_000, memoryLimitBytes: 1024 ** 3, network: 'allow' },
    },
    { log: () => undefined },
  );
  open.push(inspector);
  return inspector;
}

const { signal } = new AbortController();

describe('a program that inspects', () => {
  it('lists the tensors ahead of the facts', async () => {
    const { tensors, architecture } = await inspectorThat('lists-tensors').inspect('/nowhere', signal);
    expect([architecture, tensors?.map(({ name }) => name)]).toEqual(['a', ['a', 'b']]);
  });

  it('may know nothing of tensors, as before there were any in the protocol', async () => {
    expect(await inspectorThat('facts').inspect('/nowhere', signal)).not.toHaveProperty('tensors');
  });

  it('may not list without end', async () => {
    await expect(inspectorThat('lists-too-many').inspect('/nowhere', signal)).rejects.toMatchObject({
      code: 'EVALUATOR_PROTOCOL',
      fault: 'validator',
    });
  });
});

describe('a program that samples', () => {
  it('is given the seed, and returns float32', async () => {
    const [sampled] = await inspectorThat('samples').sample('/nowhere', '7', signal);
    expect(sampled).toEqual({ name: 'w', shape: [2], values: Float32Array.of(7, -0.5) });
  });

  it('says so in its hello: another one is not asked', async () => {
    await expect(inspectorThat('facts').sample('/nowhere', '7', signal)).rejects.toMatchObject({
      code: 'EVALUATOR_UNABLE',
      payload: { missing: ['sample'] },
    });
  });

  it.each(['samples-nonsense', 'samples-torn', 'samples-too-much'])(
    'may not send what is no sample: %s',
    async (mode) => {
      await expect(inspectorThat(mode).sample('/nowhere', '7', signal)).rejects.toMatchObject({
        code: 'EVALUATOR_PROTOCOL',
        fault: 'validator',
      });
    },
  );

  it('may not answer with facts', async () => {
    await expect(inspectorThat('samples').inspect('/nowhere', signal)).rejects.toMatchObject({
      code: 'EVALUATOR_PROTOCOL',
    });
  });
});
