import type { AssayError } from '@assay/core/errors/assay-error';
import { evaluationErrors } from '@assay/core/evaluation/errors';
import { configErrors } from '@assay/core/config/errors';
import { journalErrors } from '@assay/core/journal/errors';
import { judgingErrors } from '@assay/core/judging/errors';
import { commitmentErrors, storeErrors, verificationErrors } from '@assay/core/model/errors';
import { runtimeErrors } from '@assay/core/runtime/errors';
import { sequencesErrors } from '../sequences-file.js';

const CATALOGUES = {
  'Commitments': commitmentErrors,
  'Verification of a model': verificationErrors,
  'Model store': storeErrors,
  'Evaluator': evaluationErrors,
  'Judging': judgingErrors,
  'Run loop': runtimeErrors,
  'Journal': journalErrors,
  'Configuration': configErrors,
  'Command line': sequencesErrors,
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
    join: () => text,
    map: () => placeholder(name),
    toJSON: () => text,
    length: 0,
    [Symbol.toPrimitive]: (hint: string) => (hint === 'number' ? Number.NaN : text),
  };
  return parts;
}

/** Every error code of core in a table: whose fault, when to try again, what to do. */
export function errorReference(): string {
  const sections = Object.entries(CATALOGUES).map(([title, catalogue]) => {
    const rows = Object.entries(catalogue as unknown as AnyCatalogue).map(([code, create]) => {
      const { fault, retry, message, hint } = create(anyPayload);
      return `| \`${code}\` | ${fault} | ${retry} | ${cell(message)} | ${cell(hint)} |`;
    });
    return [`## ${title}`, '', '| code | fault | retry | what it says | what to do |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
  });
  const head = [
    '# Error codes',
    '',
    'Made from the code by `npm run generate`. Plugins have catalogues of their own beside their code (`errors.ts`).',
    'Only errors of fault `miner` can lower a score; see "Errors carry blame" in [ARCHITECTURE](../ARCHITECTURE.md).',
  ];
  return `${[...head, '', sections.join('\n\n')].join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
