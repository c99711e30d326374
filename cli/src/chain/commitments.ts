import type {
  BlockReference,
  ChainSnapshot,
  Commitment,
  Neuron,
  UnreadableCommitment,
} from '@assay/core/contracts/chain-client';
import { printable } from '@assay/core/errors/printable';
import { plainTable } from '../report/plain-table.js';

/** Where a commitment stands: whose it is, and whether its uid was somebody else's at its block. */
interface Placed {
  uid: number | null;
  /** Made before the hotkey took its uid. */
  beforeRegistration: boolean;
}

type Row<T> = Placed & T;

function placing(neurons: readonly Neuron[]): <T extends { hotkey: string; block: number | null }>(row: T) => Row<T> {
  const known = new Map<string, Neuron>(neurons.map((neuron) => [neuron.hotkey, neuron]));
  return (row) => {
    const neuron = known.get(row.hotkey);
    const beforeRegistration = neuron !== undefined && row.block !== null && row.block < neuron.registeredAt;
    return { uid: neuron?.uid ?? null, beforeRegistration, ...row };
  };
}

const byBlock = (a: { block: number | null }, b: { block: number | null }): number => (a.block ?? 0) - (b.block ?? 0);

interface CommitmentsDocument {
  netuid: number;
  at: BlockReference;
  commitments: Row<Commitment>[];
  revealed: Row<Commitment>[];
  unreadable: Row<UnreadableCommitment>[];
}

/** Everything that hotkeys have committed, each list from the oldest on. */
export function commitmentsOf(snapshot: ChainSnapshot): CommitmentsDocument {
  const { netuid, at, neurons, commitments, revealed, unreadable } = snapshot;
  const place = placing(neurons);
  return {
    netuid,
    at,
    commitments: commitments.map((row) => place(row)).sort(byBlock),
    revealed: revealed.map((row) => place(row)).sort(byBlock),
    unreadable: unreadable.map((row) => place(row)).sort(byBlock),
  };
}

export function commitmentsText({ commitments, revealed, unreadable }: CommitmentsDocument): string {
  const texts = [
    ...commitments.map((row) => ({ ...row, kind: 'text', shown: row.data })),
    ...revealed.map((row) => ({ ...row, kind: 'revealed', shown: row.data })),
    ...unreadable.map((row) => ({ ...row, shown: row.detail })),
  ].sort(byBlock);
  return plainTable(
    ['uid', 'block', 'kind', 'note', 'commitment'],
    texts.map(({ uid, block, kind, beforeRegistration, shown }) => [
      uid ?? '',
      block ?? '',
      kind,
      beforeRegistration ? 'before its registration' : '',
      printable(shown, 128),
    ]),
  );
}
