import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const hex = z.string().regex(/^(?:0x)?(?:[0-9a-f]{2})*$/);
const Answer = z.object({ params: z.tuple([z.string(), hex]).rest(hex), result: hex });
const Answers = z.object({ selective_mechagraph: Answer, subnet_state: Answer, neurons_lite: Answer });

const FILES = {
  finney424: 'finney-424.metadata-v16.scale',
  finney343: 'metadata_v15_spec343.hex',
  answers: 'chain_fixture_full.json',
} as const;

/** Answers of Finney that were recorded: subnet 1 with 1,024 uids at block 6,852,690, spec 343, and metadata of two specs. */
export interface RecordedChain {
  metadata343: Uint8Array;
  metadata424: Uint8Array;
  /** Runtime calls, as `name:parameters` with 0x, and their results. */
  calls: ReadonlyMap<string, string>;
}

const prefixed = (text: string): string => (text.startsWith('0x') ? text : `0x${text}`);

/** The recordings in the folder that ASSAY_CHAIN_RECORDINGS names, or one sentence that says what is missing. */
export function findRecordings(environment: NodeJS.ProcessEnv = process.env): RecordedChain | string {
  const folder = environment['ASSAY_CHAIN_RECORDINGS'];
  if (!folder) return `ASSAY_CHAIN_RECORDINGS is not set: it names a folder with ${Object.values(FILES).join(', ')}`;
  const missing = Object.values(FILES).find((file) => !existsSync(join(folder, file)));
  if (missing !== undefined) return `ASSAY_CHAIN_RECORDINGS=${folder} holds no ${missing}`;
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8').trim();
  const answers = Object.values(Answers.parse(JSON.parse(text(FILES.answers))));
  return {
    metadata343: Buffer.from(prefixed(text(FILES.finney343)).slice(2), 'hex'),
    metadata424: readFileSync(join(folder, FILES.finney424)),
    calls: new Map(answers.map(({ params: [name, params], result }) => [`${name}:${prefixed(params)}`, result])),
  };
}
