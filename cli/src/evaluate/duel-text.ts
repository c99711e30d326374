import { repoName } from '@assay/core/contracts/model';
import { printable } from '@assay/core/errors/printable';
import { plainTable } from '../report/plain-table.js';
import type { Duel } from './duel.js';

/** A duel for people: both scores, what the match rule says in its own columns, and how sure that is. */
export function duelText(
  { king, kingScore, columns, record, wins, samples, outlook }: Duel,
  score: number | null,
): string {
  const { reference } = king.found.model;
  const name = reference.revision === '' ? reference.name : repoName(reference);
  const values = columns.flatMap(({ key, title }): [string, string][] => {
    const value = record.values?.[key] ?? null;
    return value === null
      ? []
      : [[title, typeof value === 'number' ? numberText(value) : printable(String(value), 40)]];
  });
  return [
    plainTable(
      ['duel', ''],
      [
        ['king', printable(name, 200)],
        ['score of the king', kingScore.toFixed(6)],
        ['score', score?.toFixed(6) ?? 'none'],
        ...values,
      ],
    ),
    [outcomeText(wins, record.playsAgain === true, samples), ...(outlook ? [outlookText(outlook, samples)] : [])].join(
      '\n',
    ),
  ].join('\n\n');
}

const numberText = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(6));

function outcomeText(wins: boolean, again: boolean, { drawn, scored }: Duel['samples']): string {
  const decided = scored < drawn ? `, decided after ${scored} of ${drawn} samples` : '';
  if (again) return `would win this round, and has to win another one on other samples${decided}`;
  return `would ${wins ? 'win' : 'lose'}${decided}`;
}

function outlookText({ samples, chance }: NonNullable<Duel['outlook']>, { drawn }: Duel['samples']): string {
  const needed =
    samples === null
      ? 'no number of samples tells these two apart'
      : `to know it in nine of ten rounds takes about ${samples} sample${samples === 1 ? '' : 's'}; a round draws ${drawn}`;
  return `chance to win a round like this: ${(chance * 100).toFixed(1)} %\n${needed}`;
}
