import { join } from 'node:path';
import Database from 'libsql';
import { AssayError } from '@assay/core/errors/assay-error';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { assertChain } from '@assay/core/journal/verify-chain';
import { claimEntry, type ClaimEntry } from '@assay/core/runtime/claim-record';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { mendState } from '@assay/core/runtime/mend-state';
import { ModelCheck } from '@assay/core/runtime/model-check';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { openJournal } from '@assay/plugin-libsql-journal';
import { expect, it } from 'vitest';
import { newSubnet, type Subnet } from './subnet.js';

async function look(subnet: Subnet, ...uids: number[]): Promise<void> {
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of uids)
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
}

const claims = ({ deps }: Subnet): ClaimEntry[] =>
  deps.state.journal
    .records(99, 'claim')
    .reverse()
    .map(({ entry }) => claimEntry.parse(entry));

const outcomes = (subnet: Subnet): [number, string][] =>
  claims(subnet).map(({ claim, outcome }) => [
    claim.uid,
    outcome.status === 'refused' ? outcome.error.code : outcome.status,
  ]);

/** The same data folder under a new validator. */
async function restart(subnet: Subnet): Promise<void> {
  await subnet.deps.state.journal.close();
  subnet.deps.state = new ValidatorState(openJournal({ folder: join(subnet.folder, 'data'), mode: 'write' }));
  subnet.check = new ModelCheck(subnet.deps);
}

it('a claim is on record with its text, its blocks and its outcome, also when it never becomes a round', async () => {
  const subnet = await newSubnet();
  subnet.commit(3, 'good', 2);
  subnet.commit(4, 'bad', 3, 'wrong');
  subnet.network.setCommitment(5, 'no such format');
  subnet.network.advance(7);
  await look(subnet, 3, 4, 5);
  const [first, second, third] = claims(subnet);
  const { commitment, block } = subnet.deps.state.model(subnet.neuron(3).hotkey) ?? {};
  expect(first).toMatchObject({
    netuid: 9,
    hotkey: subnet.hotkey,
    block: subnet.network.head().number,
    claim: { uid: 3, hotkey: subnet.neuron(3).hotkey, block, commitment, competition: 1 },
    outcome: { status: 'accepted', architecture: 'Plain', parameterCount: 1 },
  });
  expect(second).toMatchObject({
    claim: { uid: 4 },
    outcome: { status: 'refused', error: { code: 'HASH_MISMATCH', fault: 'miner' } },
  });
  expect(third).toMatchObject({
    claim: { uid: 5, commitment: 'no such format', competition: null },
    outcome: { status: 'refused' },
  });
  const { journal } = subnet.deps.state;
  expect([...journal.chain()].every(({ signature }) => signature !== undefined)).toBe(true);
  expect(assertChain(journal).counts).toEqual({ round: 0, claim: 3, submission: 0, history: 0 });
});

it('the same claim with the same outcome is on record once, over looks, restarts and damaged tables', async () => {
  const subnet = await newSubnet();
  subnet.commit(3, 'good', 2);
  subnet.commit(4, 'bad', 3, 'wrong');
  await look(subnet, 3, 4);
  await look(subnet, 3, 4);
  await restart(subnet);
  await look(subnet, 3, 4);
  const database = new Database(join(subnet.folder, 'data', 'journal.db'));
  database.exec("UPDATE derived SET value = CAST(x'ff' AS TEXT) WHERE name = 'models'");
  database.close();
  await mendState(subnet.deps);
  expect(subnet.deps.state.models()).toEqual([]);
  await look(subnet, 3, 4);
  expect(subnet.deps.state.models()).toHaveLength(2);
  expect(outcomes(subnet)).toEqual([
    [3, 'accepted'],
    [4, 'HASH_MISMATCH'],
  ]);
});

it('a new commitment is another claim, and rounds stand between claims in one chain', async () => {
  const subnet = await newSubnet();
  subnet.commit(3, 'one', 2);
  await look(subnet, 3);
  await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
  subnet.commit(3, 'two', 2.5, 'wrong');
  await look(subnet, 3);
  expect([...subnet.deps.state.journal.chain()].map(({ type, number }) => [type, number])).toEqual([
    ['claim', 1],
    ['round', 1],
    ['claim', 2],
  ]);
  expect(assertChain(subnet.deps.state.journal).records).toBe(3);
});

it('a claim that this machine could not look at has no outcome yet', async () => {
  let broken = true;
  const failing = (real: ModelStore): ModelStore => {
    const list: ModelStore['list'] = (...given) =>
      broken
        ? Promise.reject(
            new AssayError({ code: 'GONE', message: 'x', hint: 'y', fault: 'network', retry: 'backoff', payload: {} }),
          )
        : real.list(...given);
    return new Proxy(real, { get: (target, name) => (name === 'list' ? list : bound(target, name)) });
  };
  const subnet = await newSubnet({ store: failing });
  subnet.commit(3, 'one', 2);
  await look(subnet, 3);
  expect(outcomes(subnet)).toEqual([]);
  broken = false;
  await look(subnet, 3);
  expect(outcomes(subnet)).toEqual([[3, 'accepted']]);
});

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === 'function' ? (member.bind(target) as unknown) : member;
}

it('a claim whose record could not be written has no row either', async () => {
  const subnet = await newSubnet();
  subnet.commit(3, 'one', 2);
  subnet.deps.chain.identity = () =>
    Promise.resolve({ hotkey: subnet.neuron(0).hotkey, sign: () => Promise.reject(new Error('no key')) });
  await look(subnet, 3).catch(() => undefined);
  expect([outcomes(subnet), subnet.deps.state.model(subnet.neuron(3).hotkey)]).toEqual([[], undefined]);
});
