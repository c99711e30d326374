import { asBlockNumber } from '@assay/core/contracts/brands';
import type {
  BlockReference,
  ChainClient,
  ChainSnapshot,
  SubmissionFate,
  SubmissionTicket,
  WeightsReceipt,
  WeightsSubmission,
} from '@assay/core/contracts/chain-client';
import { AssayError } from '@assay/core/errors/assay-error';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { put } from '@assay/core/runtime/derived-rows';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { openJournal } from '@assay/plugin-libsql-journal';
import { join } from 'node:path';
import { averageOf, newSubnet, type Subnet } from './subnet.js';

export const MINUTE = 60_000;

export const failure = (fault: 'chain' | 'network', code = 'Failed'): AssayError =>
  new AssayError({ code, message: `${code} of the script`, hint: 'Look.', fault, retry: 'backoff', payload: {} });

export const unreachable = failure('network', 'CHAIN_UNREACHABLE');

export const blockAt = (number: number): BlockReference => ({
  number: asBlockNumber(number),
  hash: `0x${number.toString(16).padStart(64, '0')}`,
});

/** What the chain says and does, by the word of a test. Blocks and neurons are those of the embedded network. */
export interface Script {
  submitted: WeightsSubmission[];
  /** Calls of `weightsFate` and `revealWeights`, by name. */
  asked: string[];
  /** What becomes of a submission once its ticket is kept; the ticket is its number, from 0. */
  send: (ticket: number) => Promise<WeightsReceipt>;
  /** What the chain says of a ticket. */
  fate: (ticket: SubmissionTicket) => Promise<SubmissionFate>;
  reveal?: (ticket: SubmissionTicket) => Promise<BlockReference>;
  /** Changes what the network shows. */
  seen: (snapshot: ChainSnapshot) => ChainSnapshot;
}

export const newScript = (change: Partial<Script> = {}): Script => ({
  submitted: [],
  asked: [],
  send: () => Promise.reject(unreachable),
  fate: () => Promise.reject(unreachable),
  seen: (snapshot) => snapshot,
  ...change,
});

const scripted =
  (script: Script) =>
  (real: ChainClient): ChainClient => ({
    description: real.description,
    netuid: real.netuid,
    maxCommitmentBytes: real.maxCommitmentBytes,
    maxTimelockedBytes: real.maxTimelockedBytes,
    identity: () => real.identity(),
    head: async (signal) => script.seen(await real.snapshot(signal)).at,
    blockHash: (block, signal) => real.blockHash(block, signal),
    snapshot: async (signal) => script.seen(await real.snapshot(signal)),
    setWeights: async (submission, _signal, keep) => {
      const ticket = script.submitted.push(submission) - 1;
      await keep(ticket);
      return script.send(ticket);
    },
    weightsFate: (ticket) => {
      script.asked.push('fate');
      return script.fate(ticket);
    },
    ...(script.reveal && {
      revealWeights: (ticket: SubmissionTicket) => {
        script.asked.push('reveal');
        return script.reveal?.(ticket) ?? Promise.reject(unreachable);
      },
    }),
    commit: (text, signal) => real.commit(text, signal),
    close: () => real.close(),
  });

/** A subnet in which uid 3 has three quarters and uid 4 the rest, on a chain that follows the script. */
export async function scriptedSubnet(script: Script): Promise<Subnet> {
  const subnet = await newSubnet({ chain: scripted(script) });
  const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
  await subnet.deps.state.write(put.standing(1, averageOf([0, 0, 0, 0.75, 0.25, 0, 0], hotkeys)));
  return subnet;
}

type SettingOptions = Partial<ConstructorParameters<typeof WeightSetting>[0]>;

export const settingOf = ({ hotkey, deps }: Subnet, options: SettingOptions = {}): WeightSetting =>
  new WeightSetting({ hotkey, offline: false, dryRun: false, setWeights: true, ...options }, deps);

/** The journal as a process finds it that starts after this one was killed. */
export async function reopened(subnet: Subnet): Promise<void> {
  await subnet.deps.state.journal.close();
  subnet.deps.state = new ValidatorState(openJournal({ folder: join(subnet.folder, 'data'), mode: 'write' }));
}

/** The snapshot with another last update of uid 0, and at another block. */
export const shows =
  (lastUpdate: number, block?: number) =>
  (snapshot: ChainSnapshot): ChainSnapshot => ({
    ...snapshot,
    at: block === undefined ? snapshot.at : blockAt(block),
    neurons: snapshot.neurons.map((neuron) =>
      neuron.uid === 0 ? { ...neuron, lastUpdate: asBlockNumber(lastUpdate) } : neuron,
    ),
  });
