import type { BlockReference, Neuron } from '@assay/core/contracts/chain-client';
import { printable } from '@assay/core/errors/printable';
import type { ChainLook } from '../chain-command.js';
import { plainTable } from '../report/plain-table.js';
import { taoNumber, taoText } from '../report/quantities.js';

/** What neurons may be sorted by: of everything but the uid the largest comes first. */
const ORDERS: Readonly<Record<string, (neuron: Neuron) => number>> = {
  uid: ({ uid }) => 0 - uid,
  stake: ({ stake }) => Number(stake),
  incentive: ({ incentive }) => incentive,
  vtrust: ({ validatorTrust }) => validatorTrust,
  dividends: ({ dividends }) => dividends,
  updated: ({ lastUpdate }) => lastUpdate,
  registered: ({ registeredAt }) => registeredAt,
};

export const SORT_KEYS = Object.keys(ORDERS);

interface MetagraphRow extends Omit<Neuron, 'stake'> {
  /** Rao, decimal digits. */
  stake: string;
  stakeTao: number;
  blocksSinceUpdate: number;
  own: boolean;
}

interface Metagraph {
  netuid: number;
  mechanism: number;
  at: BlockReference;
  /** Own uid. */
  own: number | null;
  noHotkey: string | null;
  neurons: MetagraphRow[];
}

export function metagraphOf({ snapshot, own }: ChainLook, sort: string): Metagraph {
  const by = ORDERS[sort] ?? ((): number => 0);
  const sorted = [...snapshot.neurons].sort((a, b) => by(b) - by(a) || a.uid - b.uid);
  return {
    netuid: snapshot.netuid,
    mechanism: snapshot.mechanism,
    at: snapshot.at,
    own: own.neuron?.uid ?? null,
    noHotkey: own.missing,
    neurons: sorted.map((neuron) => ({
      ...neuron,
      stake: neuron.stake.toString(),
      stakeTao: taoNumber(neuron.stake),
      blocksSinceUpdate: Math.max(0, snapshot.at.number - neuron.lastUpdate),
      own: neuron.hotkey === own.hotkey,
    })),
  };
}

export function metagraphText({ neurons }: Metagraph): string {
  const share = (value: number): string => value.toFixed(5);
  return plainTable(
    ['', 'uid', 'hotkey', 'stake', 'permit', 'incentive', 'vtrust', 'dividends', 'updated', 'registered'],
    neurons.map((neuron) => [
      neuron.own ? '*' : '',
      neuron.uid,
      printable(neuron.hotkey, 64),
      taoText(BigInt(neuron.stake)),
      neuron.validatorPermit ? 'yes' : '',
      share(neuron.incentive),
      share(neuron.validatorTrust),
      share(neuron.dividends),
      neuron.lastUpdate === 0 ? 'never' : `${neuron.blocksSinceUpdate} blocks ago`,
      neuron.registeredAt,
    ]),
  );
}
