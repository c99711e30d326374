import { isDeepStrictEqual } from 'node:util';
import type { ChainClient, SubmissionTicket, WeightsReceipt, WeightsSubmission } from '../../contracts/chain-client.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand, skip } from '../checks.js';
import { neuronAt, refused, shown, type ChainCheck, type ChainSubject } from './world.js';

/** Most blocks for which a submission that nobody has sent may be called open. */
const LONGEST_OPEN = 10_000;

/** For checks that look for no lost submission. */
export const keepNothing = (): Promise<void> => Promise.resolve();

/** Everything that a refused call must not change, for people. */
export async function stateOf(client: ChainClient, signal: AbortSignal): Promise<string> {
  const { hotkey } = await client.identity();
  const { weights, neurons, commitments } = await client.snapshot(signal);
  const neuron = neurons.find((candidate) => candidate.hotkey === hotkey);
  return shown([[...weights], neuron?.lastUpdate, commitments.filter((commitment) => commitment.hotkey === hotkey)]);
}

/** Weights for other neurons that the chain can take; `largest` goes to the neuron at that position. */
export async function weightsOf(client: ChainClient, signal: AbortSignal, largest = 0): Promise<WeightsSubmission> {
  const { hotkey } = await client.identity();
  const { neurons, parameters } = await client.snapshot(signal);
  const others = neurons.filter((neuron) => neuron.hotkey !== hotkey);
  const targets = others.slice(0, Math.max(2, parameters.minAllowedWeights));
  return {
    uids: targets.map(({ uid }) => uid),
    hotkeys: targets.map((neuron) => neuron.hotkey),
    weights: targets.map((_, index) => (index === largest ? 65_535 : 100)),
    versionKey: parameters.weightsVersionKey,
  };
}

/** Blocks, until the chain takes weights of this client again. */
export async function waitForRate(subject: ChainSubject, client: ChainClient): Promise<void> {
  const { parameters } = await client.snapshot(subject.signal);
  await subject.needs('makeBlocks')(parameters.weightsRateLimit + 1);
}

/** The row of this client's neuron in ascending order of uid, and the block of its last update. */
export async function ownWeights(
  client: ChainClient,
  signal: AbortSignal,
): Promise<{ row: readonly unknown[]; lastUpdate: number }> {
  const { hotkey } = await client.identity();
  const snapshot = await client.snapshot(signal);
  const neuron = snapshot.neurons.find((candidate) => candidate.hotkey === hotkey);
  demand(neuron !== undefined, 'the validator is not registered');
  return { row: sorted(snapshot.weights.get(neuron.uid) ?? []), lastUpdate: neuron.lastUpdate };
}

/** The row that a chain shows for these weights, in ascending order of uid. */
export const rowOf = ({ uids, weights }: WeightsSubmission): readonly unknown[] =>
  sorted(uids.map((uid, index) => [uid, weights[index]]));

const sorted = (row: readonly (readonly (number | undefined)[])[]): readonly unknown[] =>
  [...row].sort(([a = 0], [b = 0]) => a - b);

/** Sets weights, and returns all tickets that were to be kept. */
async function setKeeping(
  client: ChainClient,
  submission: WeightsSubmission,
  signal: AbortSignal,
): Promise<{ receipt: WeightsReceipt; tickets: SubmissionTicket[] }> {
  const tickets: SubmissionTicket[] = [];
  const receipt = await client.setWeights(submission, signal, async (ticket) => {
    tickets.push(ticket);
  });
  return { receipt, tickets };
}

/** Sets plain weights that the chain takes, once it takes any. */
async function setPlainly(
  subject: ChainSubject,
  client: ChainClient,
): Promise<{ submission: WeightsSubmission; receipt: WeightsReceipt; tickets: SubmissionTicket[] }> {
  await requirePlain(subject, client);
  await waitForRate(subject, client);
  const submission = await weightsOf(client, subject.signal);
  return { submission, ...(await setKeeping(client, submission, subject.signal)) };
}

async function requirePlain({ signal }: ChainSubject, client: ChainClient): Promise<void> {
  const { parameters } = await client.snapshot(signal);
  if (parameters.commitRevealEnabled) skip('the subnet takes weights by commit and reveal');
}

const holdsWeights: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    await requirePlain(subject, client);
    if (subject.has('makeBlocks')) await waitForRate(subject, client);
    const submission = await weightsOf(client, signal);
    const receipt = await client.setWeights(submission, signal, keepNothing);
    demand(receipt.mode === 'set', `plain weights were ${receipt.mode}`);
    const { row, lastUpdate } = await ownWeights(client, signal);
    const wanted = rowOf(submission);
    demand(isDeepStrictEqual(row, wanted), `${shown(wanted)} was set, and ${shown(row)} is read`);
    demand(lastUpdate === receipt.at.number, `weights of block ${receipt.at.number} have ${lastUpdate}`);
  });

const changesNothing: ChainCheck = async (subject) =>
  subject.with({ as: 'miner' }, async (client) => {
    const { signal } = subject;
    const before = await stateOf(client, signal);
    const submission = await weightsOf(client, signal);
    await refused('weights of a hotkey without a permit', () => client.setWeights(submission, signal, keepNothing));
    demand(before === (await stateOf(client, signal)), 'refused weights have changed something');
  });

const keepsFirst: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    await requirePlain(subject, client);
    await waitForRate(subject, client);
    const before = await stateOf(client, signal);
    const found: string[] = [];
    await client.setWeights(await weightsOf(client, signal, 1), signal, async () => {
      found.push(await stateOf(client, signal));
    });
    demand(found.length === 1, `${found.length} tickets were given for weights that nothing held up, and not one`);
    demand(found[0] === before, 'something had changed before the ticket was kept');
  });

const sendsNothingUnkept: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    await requirePlain(subject, client);
    await waitForRate(subject, client);
    const before = await stateOf(client, signal);
    const tickets: SubmissionTicket[] = [];
    const outcome = await client
      .setWeights(await weightsOf(client, signal, 1), signal, (ticket) => {
        tickets.push(ticket);
        return Promise.reject(new Error('the ticket could not be kept'));
      })
      .then(
        () => 'a receipt',
        () => undefined,
      );
    demand(outcome === undefined, `weights whose ticket could not be kept ended in ${outcome ?? ''}`);
    demand(tickets.length === 1, `${tickets.length} tickets were given, and not one`);
    demand(before === (await stateOf(client, signal)), 'weights were sent whose ticket could not be kept');
    await requireLost(subject, client, tickets[0] ?? null);
    demand(before === (await stateOf(client, signal)), 'weights came into force later whose ticket could not be kept');
  });

/** Demands that nothing was sent under a ticket, and that the client says so once no block may hold it any more. */
async function requireLost(subject: ChainSubject, client: ChainClient, ticket: SubmissionTicket): Promise<void> {
  const { signal } = subject;
  let fate = await client.weightsFate(ticket, signal);
  if (fate.status === 'open') {
    const { number } = await client.head(signal);
    const left = fate.lastBlock - number;
    demand(left >= 0 && left < LONGEST_OPEN, `at block ${number} a submission was open until block ${fate.lastBlock}`);
    await subject.needs('makeBlocks')(left + 1);
    fate = await client.weightsFate(ticket, signal);
  }
  demand(fate.status === 'lost', `a submission that was never sent is ${fate.status} after its last block`);
}

const tellsOthers: ChainCheck = async (subject) => {
  const { receipt, tickets } = await subject.with({}, (client) => setPlainly(subject, client));
  // Of the tickets of one call, the last one is that of the weights which landed.
  const ticket = throughText(tickets.at(-1) ?? null);
  await subject.with({}, async (other) => {
    const { signal } = subject;
    for (const blocks of [0, 3]) {
      if (blocks > 0) await subject.needs('makeBlocks')(blocks);
      const fate = await other.weightsFate(ticket, signal);
      demand(fate.status === 'set', `weights that were set are ${fate.status} for another client`);
      demand(
        isDeepStrictEqual(fate.at, receipt.at),
        `the receipt names block ${receipt.at.number}, and another client ${fate.at.number}`,
      );
    }
  });
};

/** As a journal gives it back: from the text of its JSON. */
const throughText = (ticket: SubmissionTicket): SubmissionTicket =>
  JSON.parse(JSON.stringify(ticket)) as SubmissionTicket;

const tellsRefusals: ChainCheck = async (subject) =>
  subject.with({ as: 'miner' }, async (client) => {
    const { signal } = subject;
    const tickets: SubmissionTicket[] = [];
    const submission = await weightsOf(client, signal);
    const code = await refused('weights of a hotkey without a permit', () =>
      client.setWeights(submission, signal, async (ticket) => {
        tickets.push(ticket);
      }),
    );
    const [ticket] = tickets;
    if (ticket === undefined) skip('the client foresees refusals, and gives no ticket for them');
    const fate = await client.weightsFate(ticket, signal);
    if (fate.status !== 'refused') return requireLost(subject, client, ticket);
    demand(isAssayError(fate.error), 'the refusal has no code');
    demand(fate.error.code === code, `weights were refused with ${code}, and afterwards with ${fate.error.code}`);
  });

const looksForHotkeys: ChainCheck = async (subject) => {
  const { signal } = subject;
  const register = subject.needs('register');
  const place = await register({});
  await subject.with({}, async (client) => {
    await waitForRate(subject, client);
    const submission = await weightsOf(client, signal);
    const [first, ...uids] = submission.uids;
    demand(first !== undefined, 'there is nobody to give weights to');
    const { uid, hotkey } = neuronAt(await client.snapshot(signal), place.uid);
    const stale = { ...submission, uids: [uid, ...uids], hotkeys: [hotkey, ...submission.hotkeys.slice(1)] };
    await register({ uid: place.uid });
    const before = await stateOf(client, signal);
    const code = await refused('weights for a uid that has another hotkey', () =>
      client.setWeights(stale, signal, keepNothing),
    );
    demand(code === 'HOTKEYS_CHANGED', `weights for a uid that has another hotkey were refused with ${code}`);
    demand(before === (await stateOf(client, signal)), 'weights for a uid that has another hotkey changed something');
  });
};

const GARBAGE: readonly SubmissionTicket[] = [null, 7, 'ticket', [], {}, { id: {} }, { hash: '0x', nonce: -1 }];

const refusesGarbage: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    for (const ticket of GARBAGE)
      await refused(`the fate of ${shown(ticket)}`, () => client.weightsFate(ticket, subject.signal));
  });

export const WEIGHT_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'holds the weights that it takes': holdsWeights,
  'changes nothing by weights that are refused': changesNothing,
  'gives one ticket, before anything changes': keepsFirst,
  'sends nothing whose ticket could not be kept': sendsNothingUnkept,
  'tells another client what has become of weights': tellsOthers,
  'tells what has become of weights that were refused': tellsRefusals,
  'sends no weights for a uid that has another hotkey': looksForHotkeys,
  'refuses a ticket that no client of this kind has given': refusesGarbage,
};
