import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError, type Fault } from '@assay/core/errors/assay-error';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { replayed } from '../../recorded-round.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { CANARY_LOSS, canaryIn } from './canary.js';
import { newSubnet, OTHER_CLASS, type Subnet, weightsOf } from './subnet.js';

let subnet: Subnet;
let loop: EvaluationLoop;
/** Failures of a model or of the canary, one for each evaluation of it, `undefined` for a success. */
let failures: Record<string, (AssayError | undefined)[]>;

const failure = (code: string, fault: Fault = 'validator', payload: Record<string, unknown> = {}): AssayError =>
  new AssayError({ code, message: code, hint: '', fault, retry: 'next-round', payload });
const crash = (exit = 'signal SIGSEGV'): AssayError => failure('EVALUATOR_CRASHED', 'validator', { exit });

const outcomeOf = (uid: number): unknown =>
  subnet
    .told('round-finished')
    .at(-1)
    ?.rows.find((row) => row.uid === uid);
const stored = async (uid: number): Promise<string> => {
  const reference = subnet.deps.state.model(subnet.neuron(uid).hotkey)?.reference;
  const model = reference ? await subnet.deps.store.stored(reference) : undefined;
  return join(model?.directory ?? '', 'model.safetensors');
};

beforeEach(async () => {
  subnet = await newSubnet();
  loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  subnet.commit(3, 'three', 2);
  subnet.commit(4, 'four', 3);
  subnet.commit(5, 'five', 4);
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of [3, 4, 5])
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
  failures = {};
  subnet.evaluator.during = (name) => {
    const error = failures[name]?.shift();
    return error ? Promise.reject(error) : Promise.resolve();
  };
  const canary = canaryIn(subnet.folder);
  subnet.evaluator.canary = () => Promise.resolve(canary);
});

describe('a model beside a healthy canary', () => {
  it('that ends the process every time is to blame, and the round counts', async () => {
    failures = { five: [crash(), crash('exit code 134')] };
    await loop.pass(subnet.signal);
    expect(outcomeOf(5)).toMatchObject({
      score: null,
      error: {
        code: 'MODEL_BREAKS_EVALUATOR',
        fault: 'miner',
        payload: { tries: [{ code: 'EVALUATOR_CRASHED' }, {}] },
      },
    });
    expect(outcomeOf(3)).toMatchObject({ score: 2 });
    expect(subnet.told('round-finished')[0]?.void).toBeNull();
    expect(replayed(subnet.deps.state.journal, 1, subnet.deps.rules)).toMatchObject({
      agrees: true,
    });
  });

  it.each(['SAMPLES_DIFFER', 'SAMPLES_UNREADABLE'])(
    'whose evaluator finds other samples on this disk, however often, is not to blame: %s',
    async (code) => {
      failures = { five: [failure(code), failure(code), failure(code)] };
      await loop.pass(subnet.signal);
      expect(outcomeOf(5)).toMatchObject({ score: null, error: { code, fault: 'validator' } });
      expect(subnet.told('round-finished')[0]?.void).toMatchObject({ code: 'CLAIMS_UNKNOWN' });
    },
  );

  it('that was only unlucky is scored', async () => {
    failures = { five: [crash()] };
    await loop.pass(subnet.signal);
    expect(outcomeOf(5)).toMatchObject({ score: 4, error: null });
  });

  it('that was killed from outside is not to blame, and one that keeps to no limit is', async () => {
    failures = {
      three: [crash('signal SIGKILL'), crash('signal SIGKILL')],
      five: [failure('EVALUATOR_DEADLINE'), failure('EVALUATOR_MEMORY')],
    };
    await loop.pass(subnet.signal);
    expect(outcomeOf(3)).toMatchObject({ score: null, error: { code: 'EVALUATOR_CRASHED', fault: 'validator' } });
    expect(outcomeOf(5)).toMatchObject({ score: null, error: { code: 'MODEL_EXCEEDS_LIMITS', fault: 'miner' } });
  });

  it('is tried again after another model has been scored once more, at the end where none was scored before', async () => {
    failures = { three: [crash(), crash()], five: [crash(), crash()] };
    await loop.pass(subnet.signal);
    const [canary, three, four, five] = ['canary', 'three', 'four', 'five'];
    expect(subnet.evaluator.evaluated).toEqual([
      ...[canary, three],
      four,
      ...[five, canary, four, five],
      ...[canary, four, three],
    ]);
    for (const uid of [3, 5]) expect(outcomeOf(uid)).toMatchObject({ error: { code: 'MODEL_BREAKS_EVALUATOR' } });
  });

  it.each([
    [
      'where no other model was scored',
      { three: [crash(), crash()], four: [crash(), crash()], five: [crash(), crash()] },
    ],
    [
      'where the others can not be scored any more',
      { five: [crash(), crash()], three: [undefined, crash()], four: [undefined, crash()] },
    ],
  ])('is not to blame %s', async (_when, all) => {
    failures = all;
    await loop.pass(subnet.signal);
    expect(outcomeOf(5)).toMatchObject({ score: null, error: { code: 'EVALUATOR_CRASHED', fault: 'validator' } });
  });

  it('that holds the weight loses it by breaking the evaluator', async () => {
    await loop.pass(subnet.signal);
    expect(weightsOf(subnet.deps.state.standing(1))[3]).toBeGreaterThan(0.99);
    subnet.network.advance(100);
    failures = { three: [crash(), crash()] };
    await loop.pass(subnet.signal);
    expect(subnet.told('round-finished')[1]?.void).toBeNull();
    expect(weightsOf(subnet.deps.state.standing(1))[4]).toBeCloseTo(0.5, 5);
  });

  it('that holds the weight keeps it when its evaluator is killed from outside', async () => {
    await loop.pass(subnet.signal);
    const standing = subnet.deps.state.standing(1);
    subnet.network.advance(100);
    failures = { three: [crash('signal SIGKILL'), crash('signal SIGKILL')] };
    await loop.pass(subnet.signal);
    expect(subnet.told('round-finished')[1]?.void).toMatchObject({ code: 'INCUMBENT_NOT_SCORED' });
    expect(subnet.deps.state.standing(1)).toEqual(standing);
  });

  it('whose files have changed on this disk is not to blame', async () => {
    const path = await stored(5);
    const during = subnet.evaluator.during;
    failures = { five: [crash(), crash()] };
    subnet.evaluator.during = (name) => {
      if (name === 'five') writeFileSync(path, '4.1');
      return during(name);
    };
    await loop.pass(subnet.signal);
    expect(outcomeOf(5)).toMatchObject({ score: null, error: { code: 'STORED_MODEL_CHANGED', fault: 'validator' } });
  });

  it('whose files have changed is not to blame for what they now say', async () => {
    const path = await stored(5);
    const during = subnet.evaluator.during;
    failures = { five: [failure('NON_FINITE_LOSS', 'miner'), failure('NON_FINITE_LOSS', 'miner')] };
    subnet.evaluator.during = (name) => {
      if (name === 'five') writeFileSync(path, '4.1');
      return during(name);
    };
    await loop.pass(subnet.signal);
    expect(outcomeOf(5)).toMatchObject({ score: null, error: { code: 'STORED_MODEL_CHANGED', fault: 'validator' } });
  });

  it('whose loss is never finite is to blame for that', async () => {
    const nan = failure('NON_FINITE_LOSS', 'miner');
    failures = { five: [nan, nan] };
    await loop.pass(subnet.signal);
    expect(outcomeOf(5)).toMatchObject({ error: { code: 'NON_FINITE_LOSS', fault: 'miner', payload: { tries: 2 } } });
  });
});

describe('a sick machine', () => {
  it('scores nobody', async () => {
    writeFileSync(join(subnet.folder, 'canary', 'model.safetensors'), String(CANARY_LOSS + 0.01));
    await loop.pass(subnet.signal);
    expect(subnet.told('round-skipped')[0]?.error).toMatchObject({ code: 'EVALUATOR_SICK', fault: 'validator' });
    expect(subnet.evaluator.evaluated).toEqual(['canary']);
    expect(subnet.deps.state.journal.head()).toBeUndefined();
  });

  it('that computes one class wrongly scores no model of a round in which that class plays', async () => {
    const canaries = { Plain: canaryIn(subnet.folder), Other: canaryIn(subnet.folder, 'other-canary') };
    subnet.evaluator.canary = (architecture) =>
      Promise.resolve(architecture === 'Other' ? canaries.Other : canaries.Plain);
    writeFileSync(join(subnet.folder, 'other-canary', 'model.safetensors'), String(CANARY_LOSS + 0.01));
    await loop.pass(subnet.signal);
    expect(subnet.evaluator.evaluated).toEqual(['canary', 'three', 'four', 'five']);
    subnet.evaluator.evaluated = [];
    subnet.commit(6, 'six', Number(OTHER_CLASS));
    subnet.network.advance(100);
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(6), subnet.network.head().number, false, subnet.signal);
    await loop.pass(subnet.signal);
    expect(subnet.evaluator.evaluated).toEqual(['canary', 'other-canary']);
    expect(subnet.told('round-skipped').at(-1)?.error).toMatchObject({ code: 'EVALUATOR_SICK', fault: 'validator' });
  });

  it('blames nobody for what it computes, however sure it is', async () => {
    failures = {
      five: [failure('NON_FINITE_LOSS', 'miner')],
      canary: [undefined, failure('NON_FINITE_LOSS', 'miner')],
    };
    await loop.pass(subnet.signal);
    expect(subnet.told('round-skipped')[0]?.error).toMatchObject({ code: 'EVALUATOR_SICK' });
    expect(subnet.told('round-finished')).toEqual([]);
  });
});

it('without a canary there is no evidence, and the word of the evaluator stands', async () => {
  delete subnet.evaluator.canary;
  failures = { four: [failure('NON_FINITE_LOSS', 'miner')], five: [crash()] };
  await loop.pass(subnet.signal);
  expect(outcomeOf(4)).toMatchObject({ error: { code: 'NON_FINITE_LOSS' } });
  expect(outcomeOf(5)).toMatchObject({ error: { code: 'EVALUATOR_CRASHED', fault: 'validator' } });
});
