import { isDeepStrictEqual } from 'node:util';
import type { ChainSnapshot, Neuron, SubnetParameters } from '../../contracts/chain-client.js';
import { demand, skip } from '../checks.js';
import { isSs58 } from '../ss58.js';
import { neuronAt, shown, type ChainCheck, type ChainSubject } from './world.js';

const U16 = 65_535;

const snapshotOf = (subject: ChainSubject): Promise<ChainSnapshot> =>
  subject.with({}, (client) => client.snapshot(subject.signal));

function requireNeuron(neuron: Neuron, block: number): void {
  const { uid, hotkey, coldkey, stake, lastUpdate, registeredAt, validatorPermit } = neuron;
  demand(Number.isInteger(uid) && uid >= 0 && uid <= U16, `a uid is ${uid}`);
  for (const key of [hotkey, coldkey]) demand(isSs58(key), `uid ${uid}: ${key} is no ss58 address of format 42`);
  demand(typeof stake === 'bigint' && stake >= 0n, `uid ${uid}: the stake is ${shown(stake)}, and not a bigint of rao`);
  demand(typeof validatorPermit === 'boolean', `uid ${uid}: the permit is ${shown(validatorPermit)}`);
  for (const name of ['incentive', 'dividends', 'validatorTrust'] as const)
    demand(neuron[name] >= 0 && neuron[name] <= 1, `uid ${uid}: ${name} is ${neuron[name]}, and not a share`);
  for (const [name, at] of Object.entries({ lastUpdate, registeredAt }))
    demand(Number.isInteger(at) && at >= 0 && at <= block, `uid ${uid}: ${name} is ${at}, after block ${block}`);
}

const listsNeurons: ChainCheck = async (subject) => {
  const { neurons, at } = await snapshotOf(subject);
  demand(neurons.length > 0, 'there are no neurons');
  neurons.forEach((neuron, index) => {
    requireNeuron(neuron, at.number);
    const before = neurons[index - 1];
    demand(!before || before.uid < neuron.uid, `uid ${neuron.uid} comes after ${before?.uid ?? ''}`);
  });
  demand(new Set(neurons.map(({ hotkey }) => hotkey)).size === neurons.length, 'a hotkey has two uids');
};

const saysWhichSubnet: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { netuid, mechanism } = await client.snapshot(subject.signal);
    demand(netuid === client.netuid, `a snapshot of netuid ${client.netuid} says ${netuid}`);
    demand(Number.isInteger(mechanism) && mechanism >= 0, `the mechanism is ${shown(mechanism)}`);
    demand(client.description !== '' && !client.description.includes('\n'), 'the description is not one line');
  });

const tellsReplaced: ChainCheck = async (subject) => {
  const register = subject.needs('register');
  const { uid, hotkey } = await register({});
  const before = neuronAt(await snapshotOf(subject), uid);
  demand(before.hotkey === hotkey, `uid ${uid} was registered by ${hotkey} and is ${before.hotkey}'s`);
  if (subject.has('makeBlocks')) await subject.needs('makeBlocks')(1);
  const next = await register({ uid });
  const after = neuronAt(await snapshotOf(subject), uid);
  demand(after.hotkey === next.hotkey, `uid ${uid} was taken over by ${next.hotkey} and is ${after.hotkey}'s`);
  demand(
    after.registeredAt > before.registeredAt,
    `a replaced neuron has its block of registration moved from ${before.registeredAt} to ${after.registeredAt}`,
  );
};

const tellsSwapped: ChainCheck = async (subject) => {
  const { uid } = await subject.needs('register')({});
  const before = neuronAt(await snapshotOf(subject), uid);
  const hotkey = await subject.needs('swapHotkey')(uid);
  const after = neuronAt(await snapshotOf(subject), uid);
  demand(after.hotkey === hotkey, `uid ${uid} was given ${hotkey} and is ${after.hotkey}'s`);
  demand(
    after.registeredAt === before.registeredAt,
    `a swapped hotkey has its block of registration moved from ${before.registeredAt} to ${after.registeredAt}`,
  );
};

const namesOwner: ChainCheck = async (subject) => {
  const { ownerHotkey } = await snapshotOf(subject);
  demand(ownerHotkey === null || isSs58(ownerHotkey), `the owner is ${shown(ownerHotkey)}`);
};

const namesNextEpoch: ChainCheck = async (subject) => {
  const { nextEpoch, at, parameters } = await snapshotOf(subject);
  const isAhead = nextEpoch === null || (Number.isInteger(nextEpoch) && nextEpoch > at.number);
  demand(isAhead, `the next epoch after block ${at.number} is ${shown(nextEpoch)}`);
  demand(
    nextEpoch === null || nextEpoch <= at.number + parameters.tempo + 1,
    `the next epoch, ${shown(nextEpoch)}, is more than the tempo of ${parameters.tempo} after block ${at.number}`,
  );
};

const passesEpochs: ChainCheck = async (subject) => {
  const before = await snapshotOf(subject);
  if (before.nextEpoch === null) skip('the chain plans no epoch');
  await subject.needs('passEpoch')();
  const after = await snapshotOf(subject);
  demand(
    after.at.number >= before.nextEpoch,
    `an epoch passed at ${after.at.number}, before block ${before.nextEpoch}`,
  );
  demand(
    after.nextEpoch !== null && after.nextEpoch > before.nextEpoch,
    `after the epoch of block ${before.nextEpoch} the next one is ${shown(after.nextEpoch)}`,
  );
};

const COUNTS = [
  'tempo',
  'weightsRateLimit',
  'minAllowedWeights',
  'maxUids',
  'revealPeriodEpochs',
  'immunityPeriod',
  'activityCutoff',
] as const satisfies (keyof SubnetParameters)[];

const readsParameters: ChainCheck = async (subject) => {
  const { parameters } = await snapshotOf(subject);
  for (const name of COUNTS)
    demand(Number.isInteger(parameters[name]) && parameters[name] >= 0, `${name} is ${shown(parameters[name])}`);
  for (const name of ['weightsVersionKey', 'stakeThreshold'] as const)
    demand(typeof parameters[name] === 'bigint', `${name} is ${shown(parameters[name])}, and not a bigint`);
  demand(typeof parameters.commitRevealEnabled === 'boolean', 'commitRevealEnabled is not a boolean');
  demand(/^[a-z0-9-]+$/.test(parameters.consensus), `consensus is ${shown(parameters.consensus)}`);
};

const followsParameters: ChainCheck = async (subject) => {
  const { parameters } = await snapshotOf(subject);
  const change = { immunityPeriod: parameters.immunityPeriod + 1 };
  await subject.needs('setParameters')(change);
  const after = (await snapshotOf(subject)).parameters;
  await subject.needs('setParameters')({ immunityPeriod: parameters.immunityPeriod });
  demand(
    isDeepStrictEqual(after, { ...parameters, ...change }),
    `immunityPeriod was made ${change.immunityPeriod}, and the parameters are ${shown(after)}`,
  );
};

const showsWeights: ChainCheck = async (subject) => {
  const { neurons } = await snapshotOf(subject);
  const [first, second] = neurons.slice(-2).map(({ uid }) => uid);
  if (first === undefined || second === undefined) skip('there are no two neurons');
  const row: [number, number][] = [
    [first, U16],
    [second, 13_107],
  ];
  const uid = await subject.needs('setWeights')(row);
  const after = await snapshotOf(subject);
  const found = after.weights.get(neuronAt(after, uid).uid);
  const sorted = [...(found ?? [])].sort(([a], [b]) => a - b);
  demand(isDeepStrictEqual(sorted, row), `uid ${uid} has set ${shown(row)}, and ${shown(found ?? [])} is read`);
};

export const NEURON_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'says what subnet a snapshot is of': saysWhichSubnet,
  'lists neurons by uid, with ss58 addresses, stake in rao and shares': listsNeurons,
  'shows who has replaced a neuron, and when': tellsReplaced,
  'shows a swapped hotkey with the block of registration that it had': tellsSwapped,
  'names the owner by hotkey, or none': namesOwner,
  'names a next epoch that is ahead': namesNextEpoch,
  'moves the next epoch on when one has passed': passesEpochs,
  'reads the parameters of the subnet': readsParameters,
  'follows a changed parameter': followsParameters,
  'shows the weights of other validators': showsWeights,
};
