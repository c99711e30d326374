import { asBlockNumber, asUid } from '@assay/core/contracts/brands';
import type { SubmissionTicket, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { AssayError } from '@assay/core/errors/assay-error';
import { frozen, inSnapshots, STRANGER, type Mutant } from './mutant.js';

const { signal } = new AbortController();

/** Clients that lose weights, send them twice or show them too early. */
export const submissionMutants = (): readonly Mutant[] => [
  [
    'gives one ticket, before anything changes',
    'a ticket that is made afterwards',
    (inner) => ({
      setWeights: async (submission, given, keep) => {
        const kept: SubmissionTicket[] = [];
        const receipt = await inner.setWeights(submission, given, async (ticket) => {
          kept.push(ticket);
        });
        for (const ticket of kept) await keep(ticket);
        return receipt;
      },
    }),
  ],
  [
    'gives one ticket, before anything changes',
    'two tickets',
    (inner) => ({
      setWeights: (submission, given, keep) =>
        inner.setWeights(submission, given, async (ticket) => {
          await keep(ticket);
          await keep(ticket);
        }),
    }),
  ],
  [
    'sends nothing whose ticket could not be kept',
    'weights that are sent all the same',
    (inner) => ({
      setWeights: async (submission, given, keep) => {
        let failure: unknown;
        await inner.setWeights(submission, given, async (ticket) => {
          await keep(ticket).catch((error: unknown) => {
            failure = error;
          });
        });
        throw failure;
      },
    }),
  ],
  [
    'sends nothing whose ticket could not be kept',
    'a submission that stays open',
    (inner) => ({
      weightsFate: async (_ticket, given) => ({ status: 'open', lastBlock: (await inner.head(given)).number }),
    }),
  ],
  [
    'sends nothing whose ticket could not be kept',
    'a submission that is taken for set',
    (inner) => ({ weightsFate: async (_ticket, given) => ({ status: 'set', at: await inner.head(given) }) }),
  ],
  [
    'tells another client what has become of weights',
    'a memory of its own',
    (inner) => {
      const known = new Set<string>();
      return {
        setWeights: (submission, given, keep) =>
          inner.setWeights(submission, given, (ticket) => {
            known.add(JSON.stringify(ticket));
            return keep(ticket);
          }),
        weightsFate: async (ticket, given) =>
          known.has(JSON.stringify(ticket)) ? inner.weightsFate(ticket, given) : { status: 'lost' },
      };
    },
  ],
  [
    'tells another client what has become of weights',
    'the block in which it was asked',
    (inner) => ({ weightsFate: async (_ticket, given) => ({ status: 'set', at: await inner.head(given) }) }),
  ],
  [
    'tells what has become of weights that were refused',
    'a refusal that is taken for weights',
    (inner) => ({
      weightsFate: async (ticket, given) => {
        const fate = await inner.weightsFate(ticket, given);
        return fate.status === 'refused' ? { status: 'set', at: fate.at } : fate;
      },
    }),
  ],
  [
    'tells what has become of weights that were refused',
    'a refusal with another code',
    (inner) => ({
      weightsFate: async (ticket, given) => {
        const fate = await inner.weightsFate(ticket, given);
        if (fate.status !== 'refused') return fate;
        return { ...fate, error: new AssayError({ ...fate.error.toReport(), code: 'BadOrigin' }) };
      },
    }),
  ],
  [
    'sends no weights for a uid that has another hotkey',
    'weights for whoever holds the uid',
    (inner) => ({
      setWeights: async (submission, given, keep) => {
        const { neurons } = await inner.snapshot(given);
        const hotkeys = submission.uids.map((uid) => neurons.find((neuron) => neuron.uid === uid)?.hotkey ?? STRANGER);
        return inner.setWeights({ ...submission, hotkeys }, given, keep);
      },
    }),
  ],
  [
    'refuses a ticket that no client of this kind has given',
    'garbage that was lost',
    () => ({ weightsFate: () => Promise.resolve({ status: 'lost' }) }),
  ],
  [
    'refuses a ticket that no client of this kind has given',
    'an error without a code',
    (inner) => ({
      weightsFate: (ticket, given) =>
        inner.weightsFate(ticket, given).catch(() => {
          throw new TypeError('ticket.hash is undefined');
        }),
    }),
  ],
  [
    'hides committed weights until they are revealed',
    'weights that are shown at once',
    (inner) => {
      let shown: WeightsSubmission | undefined;
      return {
        setWeights: (submission, given, keep) => {
          shown = submission;
          return inner.setWeights(submission, given, keep);
        },
        snapshot: async (...args) => {
          const snapshot = await inner.snapshot(...args);
          const row = shown?.uids.map((uid, index) => [uid, shown?.weights[index] ?? 0] as const);
          return row ? { ...snapshot, weights: new Map([...snapshot.weights, [asUid(0), row]]) } : snapshot;
        },
      };
    },
  ],
  [
    'hides committed weights until they are revealed',
    'a commit that is called set',
    (inner) => ({ setWeights: async (...args) => ({ ...(await inner.setWeights(...args)), mode: 'set' }) }),
  ],
  [
    'hides committed weights until they are revealed',
    'a last update that moves at the reveal',
    inSnapshots(({ neurons, at }) => ({ neurons: neurons.map((neuron) => ({ ...neuron, lastUpdate: at.number })) })),
  ],
  [
    'hides committed weights until they are revealed',
    'weights that are never revealed',
    (inner) => {
      const before = frozen(() => inner.snapshot(signal));
      return {
        snapshot: async (...args) => ({ ...(await inner.snapshot(...args)), weights: (await before()).weights }),
      };
    },
  ],
  [
    'tells what has become of committed weights, up to their reveal',
    'weights that are set with their commit',
    (inner) => ({
      weightsFate: async (ticket, given) => {
        const fate = await inner.weightsFate(ticket, given);
        return fate.status === 'committed' ? { status: 'set', at: fate.at } : fate;
      },
    }),
  ],
  [
    'tells what has become of committed weights, up to their reveal',
    'a reveal that is not seen',
    (inner) => ({
      weightsFate: async (ticket, given) => {
        const fate = await inner.weightsFate(ticket, given);
        if (fate.status !== 'revealed') return fate;
        return { status: 'committed', at: fate.at, reveal: { block: fate.revealedAt.number, by: 'chain' } };
      },
    }),
  ],
  [
    'tells what has become of committed weights, up to their reveal',
    'the block of the reveal for that of the commit',
    (inner) => ({
      weightsFate: async (ticket, given) => {
        const fate = await inner.weightsFate(ticket, given);
        return fate.status === 'revealed' ? { ...fate, at: fate.revealedAt } : fate;
      },
    }),
  ],
  [
    'takes timelocked commitments as long as it says, and refuses one byte more',
    'less than it takes',
    () => ({ maxTimelockedBytes: 1000 }),
  ],
  [
    'takes timelocked commitments as long as it says, and refuses one byte more',
    'a text that is cut off',
    (inner) => ({ commit: (text, given, options) => inner.commit(text.slice(0, 1024), given, options) }),
  ],
  [
    'opens a commitment that it has timelocked',
    'a text that is readable at once',
    (inner) => ({
      commit: async (text, given) => {
        const { at } = await inner.commit(text.slice(0, 100), given);
        return { at, opens: asBlockNumber(at.number + 10) };
      },
    }),
  ],
  [
    'opens a commitment that it has timelocked',
    'no block at which it opens',
    (inner) => ({ commit: async (...args) => ({ at: (await inner.commit(...args)).at }) }),
  ],
  [
    'opens a commitment that it has timelocked',
    'one that opens much later',
    (inner) => ({
      commit: async (text, given, { revealAfter = 0 } = {}) => {
        const { at, opens = 0 } = await inner.commit(text, given, { revealAfter: revealAfter + 100 });
        return { at, opens: asBlockNumber(opens - 100) };
      },
    }),
  ],
  [
    'replaces a timelocked commitment of its own by a plain one',
    'a plain one that has to wait',
    (inner) => {
      let isSealed = false;
      return {
        commit: async (text, given, options) => {
          if (isSealed) return { at: await inner.head(given) };
          isSealed = options?.revealAfter !== undefined;
          return inner.commit(text, given, options);
        },
      };
    },
  ],
];
