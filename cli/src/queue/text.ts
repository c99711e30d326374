import { printable } from '@assay/core/errors/printable';
import { plainTable } from '../report/plain-table.js';
import type { QueueDescription, WaitingClaim } from './describe.js';
import type { QueueReport } from './report.js';

/** Characters of a miner's text: a line has at most 80. */
const REPO = 24;
const STATE = 20;
/** The same in the list of refusals, which has fewer columns. */
const REFUSED_REPO = 28;
const CODE = 30;

export function queueText({ subnet, block, blockTimeMs, isChainRead, queues, without }: QueueReport): string {
  if (queues.length === 0)
    return `No competition of ${subnet} has a queue: models play as soon as they are fetched and verified.`;
  return [
    isChainRead
      ? `Block ${block}.`
      : `The chain can't be read now: ages are as of block ${block}, the newest on record, and denials of coldkeys are not shown.`,
    ...queues.map((queue) => oneQueue(queue, blockTimeMs)),
    ...(without.length > 0 ? [`Without a queue: ${without.join(', ')}.`] : []),
  ].join('\n\n');
}

const oneQueue = ({ name, waiting, refused }: QueueDescription, blockTimeMs: number): string =>
  [
    `${name}: ${waiting.length === 0 ? 'no claim waits' : `${waiting.length} wait`}`,
    ...(waiting.length === 0
      ? []
      : [
          plainTable(
            ['place', 'uid', 'block', 'waits', 'repo', 'state'],
            waiting.map((claim) => [
              ...[claim.place, claim.uid, claim.block, ageText(claim.blocks * blockTimeMs)],
              ...[printable(claim.repo, REPO), stateText(claim)],
            ]),
          ),
        ]),
    ...(refused.length === 0
      ? []
      : [
          'Refused, the newest first:',
          plainTable(
            ['uid', 'block', 'repo', 'why'],
            refused.map(({ uid, block, repo, code }) => [
              uid,
              block,
              printable(repo, REFUSED_REPO),
              printable(code, CODE),
            ]),
          ),
        ]),
  ].join('\n');

function stateText({ status, code, since }: WaitingClaim): string {
  if (status === 'missing') return `missing at ${since ?? '?'}`;
  if (status === 'blocked' || status === 'refused') return printable(code ?? status, STATE);
  return status;
}

/** About how long, in the largest unit that fits. */
function ageText(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
}
