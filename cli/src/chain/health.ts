import { OVERDUE_TEMPOS, weightsAge } from '@assay/core/chain/weights-age';
import type { ChainConnection } from '@assay/core/contracts/chain-client';
import type { ChainLook } from '../chain-command.js';
import { doppelgangerText, standingTroubles } from './setting.js';

/** An endpoint that has told of no new block for as many block times has stalled. */
const STALLED_BLOCKS = 5;

type TroubleKind = 'doppelganger' | 'stale' | 'other';

interface Trouble {
  kind: TroubleKind;
  /** One sentence. */
  text: string;
}

/** Exit codes of `validator chain status` by the worst trouble, which comes first here. */
const EXIT_CODES: readonly [kind: TroubleKind, code: number][] = [
  ['doppelganger', 5],
  ['stale', 4],
  ['other', 1],
];

/** @returns 0 when all is well */
export const exitCodeOf = (troubles: readonly Trouble[]): number =>
  EXIT_CODES.find(([kind]) => troubles.some((trouble) => trouble.kind === kind))?.[1] ?? 0;

/** Why all is not well; of a look without a hotkey only what concerns the connection. */
export function troubles(look: Pick<ChainLook, 'snapshot' | 'own' | 'connection' | 'kept'>): Trouble[] {
  const others = [...connectionTroubles(look.connection), ...(look.own.hotkey === null ? [] : standingTroubles(look))];
  return [...alarms(look), ...others.map((text) => ({ kind: 'other', text }) as const)];
}

/** What costs income now, whatever the cause is. */
function alarms({ snapshot, own: { neuron }, kept }: Pick<ChainLook, 'snapshot' | 'own' | 'kept'>): Trouble[] {
  if (!neuron) return [];
  const { blocksSinceWeights: blocks, overdue } = weightsAge(neuron, snapshot, kept?.since);
  const { tempo } = snapshot.parameters;
  return [
    ...(kept && kept.doppelganger !== null
      ? [{ kind: 'doppelganger', text: doppelgangerText(kept.doppelganger) } as const]
      : []),
    ...(overdue
      ? [
          {
            kind: 'stale',
            text: `No weights for ${blocks} blocks, which is more than ${OVERDUE_TEMPOS} tempos of ${tempo}.`,
          } as const,
        ]
      : []),
  ];
}

function connectionTroubles(connection: ChainConnection | null): string[] {
  if (!connection) return [];
  const { endpoints, sinceHeadMs, blockTimeMs } = connection;
  const used = endpoints.find(({ inUse }) => inUse);
  return [
    ...(used ? [] : ['No endpoint is in use.']),
    ...(used && used.trouble !== null ? [`The endpoint in use has trouble: ${used.trouble}`] : []),
    ...(sinceHeadMs > STALLED_BLOCKS * blockTimeMs
      ? [`The endpoint has stalled: no new block for ${Math.round(sinceHeadMs / 1000)} s.`]
      : []),
  ];
}
