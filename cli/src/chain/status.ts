import type { EndpointStatus, SubnetParameters } from '@assay/core/contracts/chain-client';
import { printable } from '@assay/core/errors/printable';
import type { ChainLook, Own } from '../chain-command.js';
import { plainTable } from '../report/plain-table.js';
import { durationText, taoNumber, taoText } from '../report/quantities.js';
import { weightsAge } from '@assay/core/chain/weights-age';
import { exitCodeOf, troubles } from './health.js';
import type { KeptWeights } from './kept.js';
import { settingFacts, type SettingFacts } from './setting.js';

/** The way to the chain; null of a client that has no connection. */
interface WayFacts {
  /** The one in use. */
  endpoint: string | null;
  endpoints: readonly EndpointStatus[];
  runtime: string | null;
  genesis: string | null;
  blockTimeMs: number | null;
  sinceHeadMs: number | null;
}

/** One's own standing; null without a hotkey, or where it is not registered. */
interface OwnFacts {
  hotkey: string | null;
  /** Why there is no hotkey. */
  noHotkey: string | null;
  uid: number | null;
  validatorPermit: boolean | null;
  /** Rao, decimal digits. */
  stake: string | null;
  stakeTao: number | null;
  validatorTrust: number | null;
  dividends: number | null;
  incentive: number | null;
  registeredAt: number | null;
  lastUpdate: number | null;
  /** Whether it has set no weights since its registration. */
  neverSetWeights: boolean | null;
  blocksSinceWeights: number | null;
  blocksUntilWeights: number | null;
  weightsOverdue: boolean | null;
}

interface Facts
  extends WayFacts, OwnFacts, SettingFacts, Omit<SubnetParameters, 'weightsVersionKey' | 'stakeThreshold'> {
  chain: string;
  netuid: number;
  mechanism: number;
  block: number;
  blockHash: string;
  neurons: number;
  commitments: number;
  nextEpoch: number | null;
  blocksToEpoch: number | null;
  minutesToEpoch: number | null;
  weightsVersionKey: string;
  /** Rao, decimal digits. */
  stakeThreshold: string;
  stakeThresholdTao: number;
  ownerHotkey: string | null;
  /** Commits of the data folder that are not revealed yet; null where it says nothing. */
  openCommits: KeptWeights['commits'] | null;
  well: boolean;
  /** Why not, the worst first. */
  trouble: string[];
  /** Those of `trouble` that cost income now. */
  alarms: string[];
  /** Of the command: 0 when all is well. */
  exitCode: number;
}

/** What an operator is judged by, at one block. */
export function statusOf(look: ChainLook): Facts {
  const { chain, snapshot, own, connection } = look;
  const { at, netuid, mechanism, parameters, nextEpoch } = snapshot;
  const blocksToEpoch = nextEpoch === null ? null : Math.max(0, nextEpoch - at.number);
  const trouble = troubles(look);
  return {
    chain: chain.description,
    ...reachedBy(look),
    netuid,
    mechanism,
    block: at.number,
    blockHash: at.hash,
    neurons: snapshot.neurons.length,
    commitments: snapshot.commitments.length,
    ...ownFacts(own, look),
    ...settingFacts(look),
    openCommits: look.kept?.commits ?? null,
    nextEpoch,
    blocksToEpoch,
    minutesToEpoch:
      blocksToEpoch === null || !connection ? null : Math.round((blocksToEpoch * connection.blockTimeMs) / 6000) / 10,
    ...parameters,
    weightsVersionKey: parameters.weightsVersionKey.toString(),
    stakeThreshold: parameters.stakeThreshold.toString(),
    stakeThresholdTao: taoNumber(parameters.stakeThreshold),
    ownerHotkey: snapshot.ownerHotkey,
    well: trouble.length === 0,
    trouble: trouble.map(({ text }) => text),
    alarms: trouble.flatMap(({ kind, text }) => (kind === 'other' ? [] : [text])),
    exitCode: exitCodeOf(trouble),
  };
}

const reachedBy = ({ connection }: ChainLook): WayFacts => ({
  endpoint: connection?.endpoints.find(({ inUse }) => inUse)?.endpoint ?? null,
  endpoints: connection?.endpoints ?? [],
  runtime: connection?.runtime ?? null,
  genesis: connection?.genesis ?? null,
  blockTimeMs: connection?.blockTimeMs ?? null,
  sinceHeadMs: connection?.sinceHeadMs ?? null,
});

function ownFacts({ hotkey, neuron, missing }: Own, { snapshot, kept }: ChainLook): OwnFacts {
  const age = neuron && weightsAge(neuron, snapshot, kept?.since);
  return {
    hotkey,
    noHotkey: missing,
    uid: neuron?.uid ?? null,
    validatorPermit: neuron?.validatorPermit ?? null,
    stake: neuron ? neuron.stake.toString() : null,
    stakeTao: neuron ? taoNumber(neuron.stake) : null,
    validatorTrust: neuron?.validatorTrust ?? null,
    dividends: neuron?.dividends ?? null,
    incentive: neuron?.incentive ?? null,
    registeredAt: neuron?.registeredAt ?? null,
    lastUpdate: neuron?.lastUpdate ?? null,
    neverSetWeights: age?.never ?? null,
    blocksSinceWeights: age?.blocksSinceWeights ?? null,
    blocksUntilWeights: age?.blocksUntilWeights ?? null,
    weightsOverdue: age?.overdue ?? null,
  };
}

/** The facts for people. */
export function statusText(facts: Facts): string {
  const lines = [...chainLines(facts), ...ownLines(facts), ...subnetLines(facts)];
  return [
    ...facts.alarms.map((reason) => `ALARM: ${printable(reason, 300)}`),
    ...lines.map(([name, value]) => `${name.padEnd(20)} ${printable(String(value), 300)}`),
    ...endpointLines(facts),
    ...(facts.trouble.length === 0 ? [] : ['', 'Not well:']),
    ...facts.trouble.map((reason) => `  ${printable(reason, 300)}`),
  ].join('\n');
}

type Lines = [name: string, value: string | number | null][];

const chainLines = (facts: Facts): Lines => [
  ['chain', facts.chain],
  ...(facts.runtime === null
    ? []
    : ([
        ['endpoint', facts.endpoint ?? 'none in use'],
        ['runtime', facts.runtime],
      ] satisfies Lines)),
  ['netuid', `${facts.netuid}, mechanism ${facts.mechanism}, consensus ${facts.consensus}`],
  ['block', `${facts.block}${facts.sinceHeadMs === null ? '' : `, the newest ${durationText(facts.sinceHeadMs)} ago`}`],
  ['block hash', facts.blockHash],
];

const share = (value: number | null): string => (value === null ? 'none' : value.toFixed(5));

function ownLines(facts: Facts): Lines {
  if (facts.noHotkey !== null) return [['hotkey', `none, so nothing of one's own is shown. ${facts.noHotkey}`]];
  if (facts.uid === null || facts.stake === null)
    return [
      ['hotkey', facts.hotkey],
      ['uid', 'not registered'],
    ];
  const threshold = taoText(BigInt(facts.stakeThreshold));
  return [
    ['hotkey', facts.hotkey],
    ['uid', `${facts.uid}, registered at block ${facts.registeredAt ?? 'unknown'}`],
    ['validator permit', facts.validatorPermit === true ? 'yes' : 'no'],
    ['stake', `${taoText(BigInt(facts.stake))}, setting weights takes ${threshold}`],
    ['vtrust', share(facts.validatorTrust)],
    ['dividends', share(facts.dividends)],
    ['incentive', share(facts.incentive)],
    ['weights', weightsText(facts)],
    ['set weights now', settingText(facts)],
    ...(facts.openCommits ?? []).map((commit): Lines[number] => ['committed weights', commitText(commit)]),
  ];
}

function weightsText({
  lastUpdate,
  neverSetWeights,
  blocksSinceWeights,
  blocksUntilWeights,
  weightsOverdue,
}: Facts): string {
  const last =
    neverSetWeights === true
      ? `never, ${blocksSinceWeights ?? 0} blocks since the registration`
      : `at block ${lastUpdate ?? 0}, ${blocksSinceWeights ?? 0} blocks ago`;
  // Whether other reasons keep them from being set stands in the next line.
  const next = blocksUntilWeights === 0 ? '' : `; the rate limit opens in ${blocksUntilWeights ?? 0} blocks`;
  return `${last}${weightsOverdue === true ? ', overdue' : ''}${next}`;
}

function settingText({ whyNot, weightsMode, revealPeriodEpochs }: Facts): string {
  if (whyNot.length > 0) return `no. ${whyNot.join(' ')}`;
  return weightsMode === 'set' ? 'yes' : `yes, committed and revealed after ${revealPeriodEpochs} epochs`;
}

function commitText({ block, reveal, waitsFor }: KeptWeights['commits'][number]): string {
  const by = reveal.by === 'chain' ? 'the chain' : 'validator run';
  return `of block ${block}, ${by} reveals them at block ${reveal.block} or later${waitsFor === undefined ? '' : `. ${waitsFor}`}`;
}

const subnetLines = (facts: Facts): Lines => [
  ['next epoch', epochText(facts)],
  ['commit-reveal', facts.commitRevealEnabled ? `on, revealed after ${facts.revealPeriodEpochs} epochs` : 'off'],
  ['tempo', `${facts.tempo} blocks`],
  ['weights rate limit', `${facts.weightsRateLimit} blocks`],
  ['activity cutoff', `${facts.activityCutoff} blocks`],
  ['immunity period', `${facts.immunityPeriod} blocks`],
  ['weights version key', facts.weightsVersionKey],
  ['min allowed weights', facts.minAllowedWeights],
  ['neurons', `${facts.neurons} of ${facts.maxUids}`],
  ['commitments', facts.commitments],
  ['owner hotkey', facts.ownerHotkey ?? 'none'],
];

function epochText({ nextEpoch, blocksToEpoch, minutesToEpoch }: Facts): string {
  if (nextEpoch === null) return 'none planned';
  const minutes = minutesToEpoch === null ? '' : `, about ${minutesToEpoch} minutes`;
  return `block ${nextEpoch}, in ${blocksToEpoch ?? 0} blocks${minutes}`;
}

function endpointLines({ endpoints }: Facts): string[] {
  if (endpoints.length === 0) return [];
  const rows = endpoints.map(({ endpoint, inUse, head, trouble }) => [
    printable(endpoint, 120),
    inUse ? 'yes' : '',
    head ?? '',
    printable(trouble ?? '', 160),
  ]);
  return ['', plainTable(['endpoint', 'in use', 'head', 'trouble'], rows)];
}
