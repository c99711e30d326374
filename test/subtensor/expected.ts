import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import { compactFromU8a } from '@polkadot/util';
import type { CommitmentReading, MetagraphReading } from './metagraph.js';

/** A row of any of the three lists, without the words for people. */
type Row =
  { hotkey: string; block: number | null; data: string } | { hotkey: string; block: number | null; kind: string };
type Comparable = Record<Exclude<keyof ChainSnapshot, 'nextEpoch'>, unknown>;

const LONGEST_TEXT = 1024;
const MOST_REVEALS = 10;

/** What the plugin has to read where the independent client reads this; the next epoch is checked by waiting for it. */
export function expectedOf(reading: MetagraphReading, netuid: number): Comparable {
  const registered = new Set(reading.neurons.map(({ hotkey }) => hotkey));
  const rows = reading.commitments.filter(({ hotkey }) => registered.has(hotkey)).map(committed);
  const reveals = [...reading.revealed].filter(([hotkey]) => registered.has(hotkey)).map(opened);
  const isText = (row: Row): boolean => 'data' in row;
  return {
    netuid,
    mechanism: 0,
    at: { number: reading.number, hash: reading.hash },
    neurons: reading.neurons,
    weights: new Map([...reading.weights].filter(([, row]) => row.length > 0)),
    commitments: ordered(rows.filter(isText)),
    revealed: ordered(reveals.flatMap((list) => list.filter(isText).slice(-MOST_REVEALS))),
    unreadable: ordered([...rows, ...reveals.flat()].filter((row) => !isText(row))),
    ownerHotkey: reading.ownerHotkey,
    parameters: { ...reading.parameters, consensus: 'yuma' },
  };
}

/** A snapshot of the plugin with its lists in the same order, and without what is for people. */
export function comparable(snapshot: ChainSnapshot): Comparable {
  const { netuid, mechanism, at, neurons, weights, ownerHotkey, parameters } = snapshot;
  return {
    netuid,
    mechanism,
    at,
    neurons,
    weights,
    ownerHotkey,
    parameters,
    commitments: ordered(snapshot.commitments),
    revealed: ordered(snapshot.revealed),
    unreadable: ordered(snapshot.unreadable.map(({ hotkey, block, kind }) => ({ hotkey, block, kind }))),
  };
}

/** By hotkey. Rows of one hotkey keep their order. */
const ordered = (rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => (a.hotkey < b.hotkey ? -1 : Number(a.hotkey > b.hotkey)));

/** The first field alone counts. */
function committed({ hotkey, block, fields: [first] }: CommitmentReading): Row {
  const { kind, data } = first ?? { kind: 'None', data: '' };
  if (/^(?:Raw[1-9]\d*|BigRaw)$/.test(kind)) return { hotkey, block, data: textOf(Buffer.from(data.slice(2), 'hex')) };
  if (kind === 'None' || kind === 'Raw0') return { hotkey, block, kind: 'empty' };
  if (kind === 'TimelockEncrypted') return { hotkey, block, kind: 'timelocked' };
  return { hotkey, block, kind: kind.endsWith('256') ? 'hash' : 'unknown' };
}

function opened([hotkey, reveals]: [string, { data: string; block: number }[]]): Row[] {
  return [...reveals]
    .sort((a, b) => a.block - b.block)
    .map(({ data, block }) => {
      const bytes = Buffer.from(data.slice(2), 'hex');
      const [offset, length] = bytes.length === 0 ? [0, 1] : compactFromU8a(bytes).map(Number);
      const text = bytes.subarray(offset);
      const isWhole = text.length === Number(length) && text.length <= LONGEST_TEXT;
      return isWhole ? { hotkey, block, data: textOf(text) } : { hotkey, block, kind: 'unknown' };
    });
}

const textOf = (bytes: Buffer): string => bytes.toString('utf8').replaceAll('\ufffd', '');
