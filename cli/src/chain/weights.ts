import { consensusOf, distanceOf, sharesOf, type RowDistance, type Shares } from '@assay/core/chain/weight-distance';
import type { ChainSnapshot, Neuron, WeightRow } from '@assay/core/contracts/chain-client';
import { printable } from '@assay/core/errors/printable';
import type { ChainLook } from '../chain-command.js';
import { plainTable } from '../report/plain-table.js';
import { taoNumber, taoText } from '../report/quantities.js';

const FORMULA =
  'L1 distance of rows normalised to a sum of 1: sum over uids of |ours - theirs|; 0 is equal, 2 has nothing in common';

/** Why a validator's row does not count: it has no weight, or it is older than the activity cutoff. */
type RowNote = 'empty' | 'stale' | null;

interface Distance {
  /** 0 to 2; null where one of the rows is empty. */
  distance: number | null;
  /** Up to five uids that make most of it. */
  largest: RowDistance['largest'];
}

interface ValidatorRow extends Distance {
  uid: number;
  hotkey: string | null;
  own: boolean;
  stakeTao: number | null;
  stake: string | null;
  validatorPermit: boolean;
  lastUpdate: number | null;
  note: RowNote;
  weights: { uid: number; value: number; share: number }[];
}

interface WeightsDocument {
  netuid: number;
  mechanism: number;
  at: ChainSnapshot['at'];
  own: number | null;
  noHotkey: string | null;
  formula: string;
  consensus: Distance & { shares: { uid: number; share: number }[] };
  validators: ValidatorRow[];
}

/** Every validator's row, with its distance from ours. */
export function weightsOf({ snapshot, own }: ChainLook): WeightsDocument {
  const ours = own.neuron ? sharesOf(snapshot.weights.get(own.neuron.uid) ?? []) : new Map<number, number>();
  const neurons = new Map<number, Neuron>(snapshot.neurons.map((neuron) => [neuron.uid, neuron]));
  const uids = new Set<number>([
    ...snapshot.weights.keys(),
    ...snapshot.neurons.filter(({ validatorPermit }) => validatorPermit).map(({ uid }) => uid),
  ]);
  const rows = new Map<number, WeightRow>(snapshot.weights);
  const validators = [...uids]
    .sort((a, b) => a - b)
    .map((uid) => rowOf(uid, { row: rows.get(uid) ?? [], neuron: neurons.get(uid), ours, own, snapshot }));
  const consensus = consensusIn(snapshot);
  return {
    netuid: snapshot.netuid,
    mechanism: snapshot.mechanism,
    at: snapshot.at,
    own: own.neuron?.uid ?? null,
    noHotkey: own.missing,
    formula: FORMULA,
    consensus: { ...between(ours, consensus), shares: [...consensus].map(([uid, share]) => ({ uid, share })) },
    validators,
  };
}

interface RowInput extends Pick<ChainLook, 'own' | 'snapshot'> {
  row: WeightRow;
  neuron: Neuron | undefined;
  ours: Shares;
}

function rowOf(uid: number, { row, neuron, ours, own, snapshot }: RowInput): ValidatorRow {
  const total = row.reduce((sum, [, weight]) => sum + weight, 0);
  const isOwn = own.neuron?.uid === uid;
  return {
    uid,
    hotkey: neuron?.hotkey ?? null,
    own: isOwn,
    stakeTao: neuron ? taoNumber(neuron.stake) : null,
    stake: neuron ? neuron.stake.toString() : null,
    validatorPermit: neuron?.validatorPermit ?? false,
    lastUpdate: neuron?.lastUpdate ?? null,
    note: noteOf(total, neuron, snapshot),
    ...(isOwn ? NOTHING : between(ours, sharesOf(row))),
    weights: row.map(([miner, value]) => ({ uid: miner, value, share: total > 0 ? value / total : 0 })),
  };
}

function noteOf(total: number, neuron: Neuron | undefined, { at, parameters }: ChainSnapshot): RowNote {
  if (total <= 0) return 'empty';
  return neuron && neuron.lastUpdate + parameters.activityCutoff < at.number ? 'stale' : null;
}

const NOTHING: Distance = { distance: null, largest: [] };

const between = (ours: Shares, theirs: Shares): Distance => distanceOf(ours, theirs) ?? NOTHING;

/** Of the rows that the chain counts: validators with a permit that are active. */
function consensusIn(snapshot: ChainSnapshot): Shares {
  const counted = snapshot.neurons.filter((neuron) => {
    const total = (snapshot.weights.get(neuron.uid) ?? []).reduce((sum, [, weight]) => sum + weight, 0);
    return neuron.validatorPermit && noteOf(total, neuron, snapshot) === null;
  });
  return consensusOf(
    counted.map(({ uid, stake }) => ({ stake: Number(stake), shares: sharesOf(snapshot.weights.get(uid) ?? []) })),
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

export function weightsText(document: WeightsDocument): string {
  return [rowsText(document), '', distancesText(document)].join('\n');
}

const rowsText = ({ validators }: WeightsDocument): string =>
  plainTable(
    ['validator', 'own', 'set at', 'miner', 'share', 'u16'],
    validators.flatMap(({ uid, own, lastUpdate, weights }) =>
      weights.map(({ uid: miner, share, value }) => [
        uid,
        own ? 'yes' : '',
        lastUpdate ?? '',
        miner,
        percent(share),
        value,
      ]),
    ),
  );

function distancesText(document: WeightsDocument): string {
  const { validators, consensus, own, noHotkey, formula } = document;
  const ours = validators.find((row) => row.own);
  if (noHotkey !== null) return printable(`No hotkey of one's own, so no distances. ${noHotkey}`, 400);
  if (own === null) return 'The hotkey is not registered, so there are no weights of its own to compare with.';
  if (!ours || ours.note === 'empty') return `Uid ${own} has no weights on chain to compare with.`;
  const others = validators.filter((row) => !row.own);
  return [
    `Distance from the weights of uid ${own}${ours.note === 'stale' ? ', which are stale' : ''}.`,
    `${formula}.`,
    plainTable(
      ['validator', 'stake', 'distance', 'note', 'uids that make it (theirs - ours)'],
      [
        ['consensus', '', ...distanceCells(consensus, null)],
        ...others.map((row) => [
          row.uid,
          row.stake === null ? '' : taoText(BigInt(row.stake)),
          ...distanceCells(row, row.note),
        ]),
      ],
    ),
  ].join('\n');
}

const NOTES: Readonly<Record<'empty' | 'stale', string>> = {
  empty: 'no weights',
  stale: 'stale: older than the activity cutoff',
};

const distanceCells = ({ distance, largest }: Distance, note: RowNote): string[] => [
  distance === null ? '' : distance.toFixed(4),
  note === null ? '' : NOTES[note],
  largest.map(({ uid, ours, theirs }) => `${uid}: ${signed(theirs - ours)}`).join(', '),
];

const signed = (difference: number): string => `${difference < 0 ? '-' : '+'}${percent(Math.abs(difference))}`;
