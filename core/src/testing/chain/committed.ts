import { isDeepStrictEqual } from 'node:util';
import type { ChainClient, SubmissionFate, SubmissionTicket, WeightsReceipt } from '../../contracts/chain-client.js';
import { demand } from '../checks.js';
import { ownWeights, rowOf, waitForRate, weightsOf } from './weights.js';
import { shown, type ChainCheck, type ChainSubject } from './world.js';

/** Epochs after which weights with a period of one epoch have to be revealed. */
const MOST_EPOCHS = 4;
/** Committed weights on their way, as a check sees them. */
interface Committed {
  client: ChainClient;
  receipt: WeightsReceipt;
  ticket: SubmissionTicket;
  /** Rows as the chain showed them before, and as it has to show them in the end. */
  before: readonly unknown[];
  wanted: readonly unknown[];
  /** Lets one epoch pass, and reveals where the chain leaves that to the validator. */
  passEpoch: () => Promise<void>;
  fate: () => Promise<SubmissionFate>;
}

/** Commits weights of the validator with a period of one epoch for the time of `work`. */
async function committing(subject: ChainSubject, work: (committed: Committed) => Promise<void>): Promise<void> {
  const [setParameters, passEpoch] = [subject.needs('setParameters'), subject.needs('passEpoch')];
  const { signal } = subject;
  await subject.with({}, async (client) => {
    const { parameters } = await client.snapshot(signal);
    const { commitRevealEnabled, revealPeriodEpochs } = parameters;
    await setParameters({ commitRevealEnabled: true, revealPeriodEpochs: 1 });
    try {
      await waitForRate(subject, client);
      const { row: before } = await ownWeights(client, signal);
      const first = await weightsOf(client, signal, 0);
      const submission = isDeepStrictEqual(rowOf(first), before) ? await weightsOf(client, signal, 1) : first;
      let ticket: SubmissionTicket = null;
      const receipt = await client.setWeights(submission, signal, async (given) => {
        ticket = given;
      });
      const fate = (): Promise<SubmissionFate> => subject.with({}, (other) => other.weightsFate(ticket, signal));
      await work({
        ...{ client, receipt, ticket, before, fate },
        wanted: rowOf(submission),
        passEpoch: async () => {
          await passEpoch();
          const { reveal } = receipt;
          if (reveal?.by === 'validator' && reveal.block <= (await client.head(signal)).number)
            await client.revealWeights?.(ticket, signal);
        },
      });
    } finally {
      await setParameters({ commitRevealEnabled, revealPeriodEpochs });
    }
  });
}

const hidesCommitted: ChainCheck = async (subject) =>
  committing(subject, async ({ client, receipt, before, wanted, passEpoch }) => {
    const { signal } = subject;
    demand(receipt.mode === 'committed', `weights of a subnet with commit and reveal were ${receipt.mode}`);
    const hidden = await ownWeights(client, signal);
    demand(
      isDeepStrictEqual(hidden.row, before),
      `committed weights are shown before their reveal: ${shown(hidden.row)}`,
    );
    const at = receipt.at.number;
    demand(hidden.lastUpdate === at, `weights were committed at ${at}, and the last update is of ${hidden.lastUpdate}`);
    let shownNow = hidden;
    for (let epochs = 0; epochs < MOST_EPOCHS && isDeepStrictEqual(shownNow.row, before); epochs += 1) {
      await passEpoch();
      shownNow = await ownWeights(client, signal);
    }
    demand(isDeepStrictEqual(shownNow.row, wanted), `${shown(wanted)} was committed, ${shown(shownNow.row)} is read`);
    demand(shownNow.lastUpdate === at, `a reveal has moved the last update from ${at} to ${shownNow.lastUpdate}`);
  });

const followsCommitted: ChainCheck = async (subject) =>
  committing(subject, async ({ client, receipt, wanted, passEpoch, fate }) => {
    const { signal } = subject;
    const first = await fate();
    demand(first.status === 'committed', `committed weights are ${first.status}`);
    demand(isDeepStrictEqual(first.at, receipt.at), 'the receipt names another block than another client');
    const { block } = first.reveal;
    demand(block > first.at.number, `weights of block ${first.at.number} are to be revealed at block ${block}`);
    let found: SubmissionFate = first;
    for (let epochs = 0; epochs < MOST_EPOCHS && found.status === 'committed'; epochs += 1) {
      await passEpoch();
      found = await fate();
    }
    demand(found.status === 'revealed', `committed weights are ${found.status} after their reveal`);
    demand(isDeepStrictEqual(found.at, receipt.at), 'the block of a commit has changed by its reveal');
    const { number, hash } = found.revealedAt;
    demand(number > found.at.number, `weights of block ${found.at.number} were revealed at block ${number}`);
    demand(hash === (await client.blockHash(number, signal)), `the block of the reveal, ${number}, has another hash`);
    const { row } = await ownWeights(client, signal);
    demand(isDeepStrictEqual(row, wanted), 'weights that are revealed are not shown');
  });

export const COMMITTED_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'hides committed weights until they are revealed': hidesCommitted,
  'tells what has become of committed weights, up to their reveal': followsCommitted,
};
