import { configSchema } from '@assay/core/config/schema';
import type { Denial } from '@assay/core/config/denial';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { describe, expect, it } from 'vitest';
import { claim, claims, loopOf, newQueuedSubnet, played, revisionOf, turn, waiting } from './queued-subnet.js';
import { newSubnet, type Subnet } from './subnet.js';

const reason = 'it is under investigation';

/** What denies the claim of uid 3 to `model`. */
const DENIALS: readonly [string, (subnet: Subnet) => Denial][] = [
  ['hotkey', (subnet) => ({ hotkey: subnet.neuron(3).hotkey, reason })],
  ['coldkey', (subnet) => ({ coldkey: subnet.neuron(3).coldkey, reason })],
  ['digest, in any case and with its kind', () => ({ digest: `hf:${revisionOf('model', 2).toUpperCase()}`, reason })],
  ['repo, in any case', () => ({ repo: 'Miner/Model', reason })],
];

const deny = (subnet: Subnet, ...denials: Denial[]): void => {
  subnet.deps.operator = { deny: denials, history: {} };
};
const refusals = ({ deps }: Subnet): [number, string, string][] =>
  claims(deps.state).flatMap(({ claim: { uid }, outcome }) =>
    outcome.status === 'refused' ? [[uid, outcome.error.code, outcome.error.fault]] : [],
  );

describe.each(DENIALS)('a denied %s', (_name, denial) => {
  it('does not wait in a queue, is on record once, and has its turn when the denial is lifted', async () => {
    const subnet = await newQueuedSubnet();
    deny(subnet, denial(subnet));
    claim(subnet, 3, 'model', 2);
    claim(subnet, 4, 'other', 1);
    await turn(subnet);
    await turn(subnet);
    expect([played(subnet), refusals(subnet)]).toEqual([[[4]], [[3, 'DENIED', 'config']]]);
    expect(claims(subnet.deps.state)[0]?.outcome).toMatchObject({
      error: { message: expect.stringContaining(reason) as string },
    });
    deny(subnet);
    await turn(subnet);
    expect(played(subnet)).toEqual([[4], [3]]);
  });

  it('that waits already is passed over, and keeps its place', async () => {
    const subnet = await newQueuedSubnet({ queue: { ahead: 1 } });
    claim(subnet, 3, 'model', 2);
    claim(subnet, 4, 'other', 1);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    deny(subnet, denial(subnet));
    await turn(subnet);
    expect([played(subnet), waiting(subnet)]).toEqual([[[4]], [3]]);
    deny(subnet);
    await turn(subnet);
    expect(played(subnet)).toEqual([[4], [3]]);
  });

  it('is refused at the look at a claim where there is no queue, also after it was verified', async () => {
    const subnet = await newSubnet();
    const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
    const look = async (): Promise<void> => {
      await subnet.deps.view.refresh(subnet.signal);
      for (const uid of [3, 4])
        await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
    };
    claim(subnet, 3, 'model', 2);
    claim(subnet, 4, 'other', 1);
    await look();
    deny(subnet, denial(subnet));
    await look();
    await look();
    await loop.pass(subnet.signal);
    expect([played(subnet), refusals(subnet)]).toEqual([[[4]], [[3, 'DENIED', 'config']]]);
    expect(subnet.told('model-checked').at(-1)).toMatchObject({
      uid: 3,
      status: 'rejected',
      error: { code: 'DENIED' },
    });
    deny(subnet);
    await look();
    await loop.pass(subnet.signal);
    expect(played(subnet).at(-1)).toEqual([3, 4]);
  });
});

it.each([
  ['without a reason', { hotkey: 'a' }],
  ['of nothing', { reason }],
  ['of two things', { hotkey: 'a', repo: 'b/c', reason }],
])('the config refuses a denial %s', (_what, denial) => {
  const { issues } = configSchema.safeParse({ subnet: 'demo', deny: [denial] }).error ?? { issues: [] };
  const found = issues.find(({ path }) => path[0] === 'deny');
  expect(found).toMatchObject({ path: ['deny', 0], message: expect.stringMatching(/exactly one of hotkey/) as string });
});
