import { asHotkey } from '@assay/core/contracts/brands';
import type { ChainClient, ChainSnapshot, Neuron } from '@assay/core/contracts/chain-client';
import type { ChainRequest } from '@assay/core/testing/chain-conformance';

/** A client like `inner`, save for some members. */
export type Spoil = (inner: ChainClient, request: ChainRequest) => Partial<ChainClient>;

/** A mutant whose snapshots are changed. */
export const inSnapshots =
  (change: (snapshot: ChainSnapshot) => Partial<ChainSnapshot>): Spoil =>
  (inner) => ({
    snapshot: async (...args) => {
      const snapshot = await inner.snapshot(...args);
      return { ...snapshot, ...change(snapshot) };
    },
  });

export const inNeurons = (change: (neuron: Neuron, index: number) => Partial<Neuron>): Spoil =>
  inSnapshots(({ neurons }) => ({
    neurons: neurons.map((neuron, index) => ({ ...neuron, ...change(neuron, index) })),
  }));

export const STRANGER = asHotkey('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');

/** Answers that are remembered from the first call. */
export function frozen<T>(read: () => Promise<T>): () => Promise<T> {
  let first: Promise<T> | undefined;
  return () => (first ??= read());
}

/** One broken client, and the check that has to see it. */
export type Mutant = readonly [check: string, fault: string, spoil: Spoil];

/** All members of `inner` but those that the mutant has. */
export function mutant(inner: ChainClient, members: Partial<ChainClient>): ChainClient {
  return {
    description: inner.description,
    netuid: inner.netuid,
    maxCommitmentBytes: inner.maxCommitmentBytes,
    maxTimelockedBytes: inner.maxTimelockedBytes,
    identity: () => inner.identity(),
    head: (given) => inner.head(given),
    blockHash: (block, given) => inner.blockHash(block, given),
    snapshot: (given, at) => inner.snapshot(given, at),
    setWeights: (submission, given, keep) => inner.setWeights(submission, given, keep),
    weightsFate: (ticket, given) => inner.weightsFate(ticket, given),
    commit: (text, given, options) => inner.commit(text, given, options),
    close: () => inner.close(),
    ...members,
  };
}
