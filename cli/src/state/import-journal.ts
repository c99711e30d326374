import { chosenCompetitions } from '@assay/core/composition/competitions';
import { buildContainer } from '@assay/core/composition/container';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { competitionsAt } from '@assay/core/competition/schedule';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import { withDeadline } from '@assay/core/runtime/deadline';
import { runtimeErrors } from '@assay/core/runtime/errors';
import { ForeignRecords, type ForeignJournal } from '@assay/core/runtime/foreign-journal';
import { importHistories, requireNoRecords } from '@assay/core/runtime/import-state';
import type { KnownHistory } from '@assay/core/runtime/intake/history-record';
import { stateErrors } from './errors.js';
import { openState } from './import.js';
import { linesOf } from './journal-file.js';
import type { LeftOut } from './take-over.js';

const DEADLINE_MS = 120_000;

export interface JournalImportReport {
  file: string;
  dataDir: string;
  dryRun: boolean;
  block: number;
  /** Of the validators that have signed the records. */
  hotkeys: string[];
  records: number;
  rounds: number;
  claims: number;
  /** Hash of the newest record. */
  head: string;
  competitions: {
    id: number;
    name: string;
    /** Name of the rule that wrote the standing; null where there is none. */
    standing: string | null;
    /** The same of the entrants. */
    entrants: string | null;
    /** Notes of hotkeys and models that had their turn. */
    marks: number;
  }[];
  left: LeftOut[];
  unchecked: string[];
}

/**
 * Takes over the exported journal of another validator.
 * @throws STATE_NOT_EMPTY, JOURNAL_NOT_TAKEN, and what the records, the chain and the journal reject with
 */
export async function importJournal(
  surroundings: Surroundings,
  file: string,
  dryRun: boolean,
): Promise<JournalImportReport> {
  const { registry, profile, config, clock, dataDir } = surroundings;
  const factory = registry.factory('chain', config.chain.use);
  const foreign = new ForeignRecords(
    { netuid: profile.netuid },
    { rules: registry.rules, verify: factory.verifySignature.bind(factory) },
  );
  for await (const line of linesOf(file)) await foreign.add(line);
  const found = foreign.result();
  const expired = () => runtimeErrors.DEADLINE({ what: 'Reading the chain', ms: DEADLINE_MS });
  return withDeadline(DEADLINE_MS, new AbortController().signal, expired, async (signal) => {
    const container = buildContainer(surroundings, signal);
    const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
    const { number: block } = await chain.head(signal);
    const { histories, left } = historiesOf(surroundings, found, block);
    if (histories.length === 0) throw stateErrors.JOURNAL_NOT_TAKEN({ netuid: profile.netuid, block });
    const state = await openState(container, dryRun);
    if (!dryRun && state) await importHistories({ chain, clock, profile, state }, block, histories);
    else if (state) requireNoRecords(state, histories);
    const { hotkeys, records, rounds, claims, head, unchecked } = found;
    const competitions = histories.map(summaryOf);
    return { file, dataDir, dryRun, block, hotkeys, records, rounds, claims, head, competitions, left, unchecked };
  });
}

/** What is said of the competitions that are judged here. */
function historiesOf(
  surroundings: Surroundings,
  { competitions, hotkeys, records, head, unchecked }: ForeignJournal,
  block: number,
): { histories: KnownHistory[]; left: LeftOut[] } {
  const chosen = chosenCompetitions(surroundings, block);
  const here = new Set(
    competitionsAt(surroundings.profile.schedule, block).flatMap((scheduled) => chosen.get(scheduled)?.id ?? []),
  );
  const [hotkey] = hotkeys;
  const source = { kind: 'journal' as const, ...(hotkey === undefined ? {} : { hotkey }), records, head, unchecked };
  return {
    histories: competitions
      .filter(({ id }) => here.has(id))
      .map(({ id, name, ...states }) => ({ competition: { id, name }, source, ...states })),
    left: competitions
      .filter(({ id }) => !here.has(id))
      .map(({ name }) => ({ what: `competition ${name}`, reason: 'it is not judged here' })),
  };
}

const summaryOf = ({
  competition: { id, name },
  standing,
  entrants,
  marks,
}: KnownHistory): JournalImportReport['competitions'][number] => ({
  ...{ id, name },
  standing: standing?.by.rule ?? null,
  entrants: entrants?.by.rule ?? null,
  marks: marks.length,
});
