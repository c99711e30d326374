import type { AssayError } from '@assay/core/errors/assay-error';
import { evaluationErrors } from '@assay/core/evaluation/errors';
import { chainErrors } from '@assay/core/chain/errors';
import { configErrors } from '@assay/core/config/errors';
import { journalErrors } from '@assay/core/journal/errors';
import { judgingErrors } from '@assay/core/judging/errors';
import { commitmentErrors, storeErrors, verificationErrors } from '@assay/core/model/errors';
import { kindErrors } from '@assay/core/kinds/errors';
import { runtimeErrors } from '@assay/core/runtime/errors';
import { scheduleErrors } from '@assay/core/competition/schedule';
import { datasetErrors } from '@assay/core/datasets/errors';
import { libsqlJournalErrors } from '@assay/plugin-libsql-journal/dist/errors.js';
import { publisherErrors } from '@assay/plugin-huggingface/dist/publisher-errors.js';
import { pickleErrors } from '@assay/lib-python-pickle';
import { walletErrors } from '@assay/lib-bittensor-wallet';
import { timelockErrors } from '@assay/lib-timelock';
import { localFilesErrors } from '@assay/plugin-local-files/dist/errors.js';
import { localChainErrors } from '@assay/plugin-local-chain/dist/errors.js';
import { palletErrors } from '@assay/lib-subtensor-rules';
import { subtensorErrors } from '@assay/plugin-subtensor/dist/errors.js';
import { weightsErrors } from '@assay/plugin-subtensor/dist/submit/weights-errors.js';
import { submitErrors } from '@assay/plugin-subtensor/dist/submit/errors.js';
import { ociErrors } from '@assay/plugin-oci/dist/errors.js';
import { severalSourcesErrors } from '@assay/plugin-several-sources/dist/errors.js';
import { evaluatorErrors, modelErrors } from '@assay/lib-model-graph/errors';
import { processErrors } from '@assay/plugin-process-evaluator/dist/errors.js';
import { reporterErrors } from '@assay/plugin-reporters/dist/errors.js';
import { poolErrors } from '@assay/plugin-pool/dist/errors.js';
import { shardErrors } from '@assay/plugin-token-shards/dist/errors.js';
import { torchErrors } from '@assay/plugin-torch/dist/errors.js';
import { tokenizerErrors } from '@assay/plugin-tokenizers/dist/errors.js';
import { competitionErrors } from '../competitions/errors.js';
import { scaffoldErrors } from '../scaffold/errors.js';
import { rulesErrors } from '../rules/errors.js';
import { ruleErrors } from '@assay/core/rules/errors';
import { duelErrors } from '@assay/competition-duel/dist/errors.js';
import { evaluateErrors } from '../evaluate/errors.js';
import { modelCommandErrors } from '../model/errors.js';
import { journalCommandErrors } from '../journal-command.js';
import { stateErrors } from '../state/errors.js';
import { storeCommandErrors } from '../store-command.js';
import { sequencesErrors } from '../evaluate/sequences-file.js';

const CATALOGUES = {
  Commitments: commitmentErrors,
  'Verification of a model': verificationErrors,
  'Model store': { ...storeErrors, ...storeCommandErrors },
  'Model files': modelErrors,
  Evaluator: { ...evaluationErrors, ...evaluatorErrors, ...processErrors, ...torchErrors, ...poolErrors },
  Tokenizers: tokenizerErrors,
  Datasets: { ...datasetErrors, ...shardErrors },
  'Local files': localFilesErrors,
  Publishing: publisherErrors,
  Registries: ociErrors,
  'Several sources': severalSourcesErrors,
  'Task kinds': kindErrors,
  Judging: judgingErrors,
  Rules: ruleErrors,
  'The duel': duelErrors,
  'Run loop': runtimeErrors,
  Journal: { ...journalErrors, ...libsqlJournalErrors },
  Subtensor: { ...subtensorErrors, ...weightsErrors, ...submitErrors, ...timelockErrors },
  'Chain clients': chainErrors,
  'Refusals of the chain': palletErrors,
  'Embedded network': localChainErrors,
  'Keys and signers': walletErrors,
  'State of the reference validator': { ...stateErrors, ...pickleErrors },
  Reporters: reporterErrors,
  Configuration: { ...configErrors, ...scheduleErrors },
  'Command line': {
    ...sequencesErrors,
    ...evaluateErrors,
    ...modelCommandErrors,
    ...journalCommandErrors,
    ...competitionErrors,
    ...scaffoldErrors,
    ...rulesErrors,
  },
};

type AnyCatalogue = Record<string, (payload: Record<string, unknown>) => AssayError>;

/** A payload that answers every question with its own name, so that messages show what they are made of. */
const anyPayload: Record<string, unknown> = new Proxy({}, { get: (_target, key) => placeholder(String(key)) });

function placeholder(name: string): unknown {
  const text = `<${name}>`;
  const parts = {
    toString: () => text,
    toFixed: () => text,
    slice: () => placeholder(name),
    trim: () => placeholder(name),
    replace: () => placeholder(name),
    join: () => text,
    map: () => placeholder(name),
    toJSON: () => text,
    length: 0,
    [Symbol.toPrimitive]: (hint: string) => (hint === 'number' ? Number.NaN : text),
  };
  return parts;
}

/** Every error code in tables: whose fault, when to try again, what to do. */
export function errorReference(): string {
  const sections = Object.entries(CATALOGUES).map(([title, catalogue]) => {
    const rows = Object.entries(catalogue as unknown as AnyCatalogue).map(([code, create]) => {
      const { fault, retry, message, hint } = create(anyPayload);
      return `| \`${code}\` | ${fault} | ${retry} | ${cell(message)} | ${cell(hint)} |`;
    });
    return [
      `## ${title}`,
      '',
      '| code | fault | retry | what it says | what to do |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  const head = [
    '# Error codes',
    '',
    'Made from the code by `npm run generate`.',
    'Only errors of fault `miner` can lower a score; see "Errors carry blame" in [ARCHITECTURE](../ARCHITECTURE.md).',
  ];
  return `${[...head, '', sections.join('\n\n')].join('\n')}\n`;
}

const cell = (text: string): string =>
  text
    .replace(/\bNaN (s|MiB)\b/g, '<number> $1')
    .replaceAll('\n', ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .trim();
