import { z } from 'zod';
import { CHAIN_CLIENT, type ChainClient } from '../contracts/chain-client.js';
import { EVALUATOR, MODEL_INSPECTOR, type Evaluator, type ModelInspector } from '../contracts/evaluator.js';
import { MODEL_PUBLISHER, type ModelPublisher } from '../contracts/model-publisher.js';
import { MODEL_STORE, type ModelSource } from '../contracts/model-store.js';
import { ROUND_JOURNAL, type JournalOpenMode, type RoundJournal } from '../contracts/round-journal.js';
import { ROW_SOURCE, type RowSource } from '../contracts/row-source.js';
import { TOKENIZER_LOADER, type TokenizerLoader } from '../contracts/tokenizer.js';

/**
 * What an implementation of each contract that the config file chooses with `use` is, and what its factory gets beyond
 * PluginDeps. The container binds it as it is, but for `store`, whose ModelSource it wraps into the ModelStore of the run, and
 * for the `chain` of a read-only process, which it binds without anything that signs.
 */
export interface Contracts {
  /** `readOnly`: no key may be used or unlocked. Core refuses what would sign before it reaches the client. */
  chain: { serves: ChainClient; given: { mode: 'validate' | 'read'; readOnly: boolean } };
  store: { serves: ModelSource; given: object };
  publisher: { serves: ModelPublisher; given: object };
  evaluator: { serves: Evaluator; given: object };
  inspector: { serves: ModelInspector; given: object };
  tokenizer: { serves: TokenizerLoader; given: object };
  rows: { serves: RowSource; given: object };
  journal: { serves: RoundJournal; given: JournalOpenMode };
}

export type ContractName = keyof Contracts;

export interface ContractRow {
  /** What the container binds it to. */
  token: symbol;
  /** One sentence for the config schema. */
  summary: string;
  /** Keys beside `use` that core itself reads, whatever the implementation is. */
  ownOptions?: z.ZodObject;
}

const GB = 1e9;
const MIB = 1024 ** 2;

/** How core keeps the models of every source. */
export const keeperOptions = z.object({
  dir: z.string().optional().describe('Folder in which verified models are kept; below the data folder when left out.'),
  maxBytes: z
    .number()
    .int()
    .positive()
    .default(2000 * GB)
    .describe('Bytes that the folder may take: 2 TB when left out.'),
  minFreeBytes: z
    .number()
    .int()
    .nonnegative()
    .default(20 * GB)
    .describe('Bytes of the disk that are left free: 20 GB when left out.'),
  filesAtOnce: z.number().int().min(1).max(32).default(4).describe('Files that are fetched at a time.'),
  rangesAtOnce: z.number().int().min(1).max(32).default(8).describe('Requests for parts of files at a time.'),
  rangeBytes: z
    .number()
    .int()
    .min(MIB)
    .default(64 * MIB)
    .describe('Longest part of a file that one request asks for.'),
  bytesPerSecond: z
    .number()
    .int()
    .min(1024)
    .optional()
    .describe('Cap on what all downloads together receive; none when left out.'),
});

/**
 * One row for each contract, by its key in the config file and in `provides`. The config schema, the check of packages,
 * the container, the loader and the generated pages read this table; nothing else lists the contracts.
 */
export const CONTRACTS: Readonly<Record<ContractName, ContractRow>> = {
  chain: { token: CHAIN_CLIENT, summary: 'How the chain is reached.' },
  store: { token: MODEL_STORE, summary: 'Where models come from and are kept.', ownOptions: keeperOptions },
  publisher: { token: MODEL_PUBLISHER, summary: 'Where a miner publishes models.' },
  evaluator: { token: EVALUATOR, summary: 'What measures losses.' },
  inspector: { token: MODEL_INSPECTOR, summary: 'What reads model headers.' },
  tokenizer: { token: TOKENIZER_LOADER, summary: 'What turns text into tokens.' },
  rows: { token: ROW_SOURCE, summary: 'Where rows of datasets come from.' },
  journal: { token: ROUND_JOURNAL, summary: 'Where rounds are recorded.' },
};

/** The names of all contracts, in the order of the table. */
export const CONTRACT_NAMES = Object.keys(CONTRACTS) as ContractName[];

/** One value for each contract. */
export function forEachContract<T>(make: (name: ContractName, row: ContractRow) => T): Record<ContractName, T> {
  return Object.fromEntries(CONTRACT_NAMES.map((name) => [name, make(name, CONTRACTS[name])])) as Record<
    ContractName,
    T
  >;
}
