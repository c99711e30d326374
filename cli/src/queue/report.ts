import type { Container } from 'inversify';
import { chosenCompetitions } from '@assay/core/composition/competitions';
import { buildContainer } from '@assay/core/composition/container';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { competitionsAt } from '@assay/core/competition/schedule';
import { CHAIN_CLIENT, type ChainClient, type ChainSnapshot } from '@assay/core/contracts/chain-client';
import { RECORD_TYPES, ROUND_JOURNAL, type RoundJournal } from '@assay/core/contracts/round-journal';
import { toAssayError } from '@assay/core/errors/describe';
import { rulesByBlock } from '@assay/core/rules/chosen';
import { withDeadline } from '@assay/core/runtime/deadline';
import { runtimeErrors } from '@assay/core/runtime/errors';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { z } from 'zod';
import { describeQueue, type QueueDescription } from './describe.js';

const DEADLINE_MS = 30_000;
/** Of Bittensor: used where the chain does not say it. */
const BLOCK_TIME_MS = 12_000;

export interface QueueReport {
  subnet: string;
  /** The newest, or the newest on record where the chain can't be read. */
  block: number;
  /** Milliseconds between two blocks. */
  blockTimeMs: number;
  isChainRead: boolean;
  queues: QueueDescription[];
  /** Names of the competitions in force that have no queue. */
  without: string[];
}

interface ChainNow {
  snapshot: ChainSnapshot;
  blockTimeMs: number;
}

/** Who waits in the queues of the competitions in force. @param most refusals of each that are listed */
export async function queueReport(surroundings: Surroundings, most: number): Promise<QueueReport> {
  const { profile, registry, config } = surroundings;
  const { signal } = new AbortController();
  const container = buildContainer(surroundings, signal);
  const journal = await container.getAsync<RoundJournal>(ROUND_JOURNAL);
  const now = await chainNow(container, surroundings, signal);
  const block = now?.snapshot.at.number ?? newestBlock(journal);
  const chosen = chosenCompetitions(surroundings, block);
  const sources = {
    state: new ValidatorState(journal),
    operator: { deny: config.deny, history: config.history },
    ...{ snapshot: now?.snapshot, block },
  };
  const described = competitionsAt(profile.schedule, block).flatMap((scheduled) => {
    const competition = chosen.get(scheduled);
    if (!competition) return [];
    const rulesAt = rulesByBlock(registry.rules, profile, competition);
    return [{ name: competition.name, queue: describeQueue(sources, { competition, rulesAt }, most) }];
  });
  return {
    ...{ subnet: profile.name, block, blockTimeMs: now?.blockTimeMs ?? BLOCK_TIME_MS, isChainRead: now !== undefined },
    queues: described.flatMap(({ queue }) => queue ?? []),
    without: described.flatMap(({ name, queue }) => (queue ? [] : [name])),
  };
}

/** Undefined where the chain can't be read: the queue of a validator that has died is worth showing all the same. */
async function chainNow(
  container: Container,
  { log }: Pick<Surroundings, 'log'>,
  signal: AbortSignal,
): Promise<ChainNow | undefined> {
  const expired = () => runtimeErrors.DEADLINE({ what: 'Reading the chain', ms: DEADLINE_MS });
  try {
    return await withDeadline(DEADLINE_MS, signal, expired, async (inner) => {
      const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
      const snapshot = await chain.snapshot(inner);
      const connection = await chain.connection?.(inner);
      return { snapshot, blockTimeMs: connection?.blockTimeMs ?? BLOCK_TIME_MS };
    });
  } catch (error) {
    const { code, message } = toAssayError(error);
    log('warn', 'the chain could not be read', { code, message });
    return undefined;
  }
}

const dated = z.looseObject({ block: z.number() });

/** Block of the newest record. */
const newestBlock = (journal: RoundJournal): number =>
  Math.max(0, ...RECORD_TYPES.map((type) => dated.safeParse(journal.head(type)?.entry).data?.block ?? 0));
