import { z } from 'zod';
import type { ContractName } from './contracts.js';

/** An implementation as a config or another implementation chooses it: `use` names it, the keys beside it are its options. */
export interface Choice {
  use: string;
  [option: string]: unknown;
}

/** Key of a schema's metadata that says which contract an option chooses an implementation of. */
export const CHOSEN_CONTRACT = 'chosenContract';

/**
 * Schema of an option that chooses an implementation, for `PluginDeps.make`. `make` checks the keys beside `use` by the
 * schema of that implementation; the schema of the config file lists the ones that come along.
 */
export const choiceOf = (contract: ContractName): z.ZodType<Choice> =>
  z.looseObject({ use: z.string() }).meta({ [CHOSEN_CONTRACT]: contract });
