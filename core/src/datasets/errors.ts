import { isAssayError } from '../errors/assay-error.js';
import { defineErrors } from '../errors/define-errors.js';

export const datasetErrors = defineErrors({
  REQUEST_FAILED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; reason: string; retryAfterMs?: number; noJson?: boolean }) =>
      `The request for ${p.what} failed: ${p.reason}`,
    hint: () =>
      'It is made again a few times. If it goes on, check the connection, the endpoint in the config file and the service.',
  },
  REQUESTS_EXHAUSTED: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { dataset: string; attempts: number; reason: string }) =>
      `${p.attempts} requests to ${p.dataset} failed, the last one so: ${p.reason}`,
    hint: () =>
      'Check the connection and the service. The rows can also be read from the parquet files: rows.source in the config file.',
  },
  ANSWER_MALFORMED: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { what: string; reason: string }) =>
      `The answer to the request for ${p.what} can't be used: ${p.reason}`,
    hint: () => 'Check that the endpoint in the config file is the service that it should be.',
  },
  ROW_UNUSABLE: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { dataset: string; row: number; reason: string }) =>
      `Row ${p.row} of ${p.dataset} can't be used: ${p.reason}`,
    hint: () =>
      'The task is not scored on fewer rows than others score it on: the sync block after this one draws other rows.',
  },
  PAGES_EMPTY: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { dataset: string; rounds: number }) =>
      `${p.rounds} sets of pages of ${p.dataset} hold less text than one sequence.`,
    hint: () => 'Draw more pages, or shorten the sequences.',
  },
  SPLITS_UNUSABLE: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { dataset: string; reason: string }) => `No page of ${p.dataset} can be drawn: ${p.reason}`,
    hint: () => 'Check that the endpoint in the config file is the service that it should be.',
  },
  DATASET_MALFORMED: {
    fault: 'config',
    retry: 'next-round',
    message: (p: { reason: string }) => `The package of this dataset does not do what it has to: ${p.reason}`,
    hint: () => 'Tell its author; validator competition check PACKAGE shows what is wrong with it.',
  },
  ENDPOINT_UNUSABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { variable: string; reason: string }) => `${p.variable} can't be used: ${p.reason}`,
    hint: (p: { variable: string }) => `Set ${p.variable} to the address of the service alone, or unset it.`,
  },
  CREDENTIAL_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { variables: readonly string[]; dataset: string; page: string }) =>
      `${p.dataset} needs ${p.variables.join(' and ')}, which ${p.variables.length > 1 ? 'are' : 'is'} not set.`,
    hint: (p: { variables: readonly string[]; page: string }) =>
      `Set ${p.variables.join(' and ')} in the environment or in .env, after accepting the terms at ${p.page}; docs/run/credentials.md shows how, step by step.`,
  },
  CREDENTIAL_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { variables: readonly string[]; dataset: string; page: string; reason: string }) =>
      `${p.dataset} can't be read with ${p.variables.join(' and ')}: ${p.reason}`,
    hint: (p: { page: string }) =>
      `Check that it is valid and may read, and accept the terms at ${p.page} with the account that it belongs to; see docs/run/credentials.md.`,
  },
});

/** Whether a loader may ask again. Told by its code: a plugin may bring its own copy of these errors. */
export const isFailedRequest = (error: unknown): boolean => isAssayError(error) && error.code === 'REQUEST_FAILED';

/** Milliseconds for which the service asked to be left alone. */
export function retryAfterOf(error: unknown): number {
  const asked = isAssayError(error) ? error.payload['retryAfterMs'] : undefined;
  return typeof asked === 'number' && asked > 0 ? asked : 0;
}

/** Whether a body came, of status 200, and is no JSON. */
export const isNoJson = (error: unknown): boolean =>
  isFailedRequest(error) && isAssayError(error) && error.payload['noJson'] === true;
