import type { RepoId } from '@assay/core/contracts/model-publisher';
import { printable } from '@assay/core/errors/printable';
import { plainTable } from '../report/plain-table.js';
import { modelCommandErrors } from './errors.js';
import type { PushDocument } from './push.js';

/** @throws REPO_NAME_INVALID */
export function repoOf(text: string): RepoId {
  const [, namespace, name] = /^([^/@:\s]+)\/([^/@:\s]+)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined) throw modelCommandErrors.REPO_NAME_INVALID({ repo: text });
  return { namespace, name };
}

/** For people. */
export function pushText({
  files,
  checks,
  repo,
  revision,
  commitment,
  block,
  opens,
  committedNow,
}: PushDocument): string {
  const parts = [
    plainTable(
      ['counts', 'bytes', 'file'],
      files.map(({ counts, size, path }) => [counts ? 'yes' : '', size, printable(path, 100)]),
    ),
    plainTable(
      ['check', 'found', 'limit'],
      checks.map(({ name, found, limit }) => [name, printable(String(found), 60), limit]),
    ),
    revision === null
      ? `${repo}: all checks pass; nothing was changed`
      : [
          `repo        ${repo}@${revision}`,
          `commitment  ${printable(commitment ?? '', 1024)}`,
          block === null
            ? `opens       ${opens === null ? 'later' : `at block ${opens}`}, by itself; its block is that one`
            : `block       ${block}${committedNow ? '' : ' (it was on chain before)'}`,
        ].join('\n'),
  ];
  return parts.join('\n\n');
}
