import { storeErrors } from '@assay/core/model/errors';
import { parseBounded } from '@assay/lib-hub';
import { headerOf, type Answer } from '@assay/lib-http';

/** What was asked for, as errors name it. */
export interface Asked {
  what: string;
  repo: string;
  revision: string;
  path?: string;
}

/**
 * The error that an answer without the thing asked for stands for. A miner is blamed only where the hub itself names the
 * reason in its own way: a proxy, a login page or a wrong address answer 401, 403 and 404 as well.
 */
export function refusalOf(answer: Answer, asked: Asked): Error {
  const { what } = asked;
  const { status, fromOrigin } = answer;
  if (!fromOrigin)
    return storeErrors.SOURCE_UNREACHABLE({ what, reason: `the host that it is redirected to answers ${status}` });
  return namedRefusal(answer, asked) ?? storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `status ${status}` });
}

/** What the hub says of a repo, by its `x-error-code` or in its words; undefined where it says nothing of it. */
export function namedRefusal(answer: Answer, { repo, revision, path = '' }: Asked): Error | undefined {
  const { status, headers } = answer;
  const code = headerOf(headers, 'x-error-code');
  const said = errorOf(answer);
  const says = (words: RegExp): boolean => said !== undefined && words.test(said);
  const refused = status === 401 || status === 403;
  if (code === 'GatedRepo' || (refused && says(/\b(?:gated|restricted)\b/i)))
    return storeErrors.REPO_NOT_PUBLIC({ repo, reason: 'whoever reads it has to accept an agreement first' });
  if (code === 'DisabledRepo' || (refused && says(/\bdisabled\b/i)))
    return storeErrors.REPO_NOT_PUBLIC({ repo, reason: 'the hub has disabled it' });
  // The hub answers the same for a repo that is private and one that is not there.
  if (code === 'RepoNotFound' || (status === 401 && said !== undefined))
    return storeErrors.REPO_NOT_FOUND({ repo, orPrivate: true });
  if (status !== 404) return undefined;
  if (code === 'RevisionNotFound' || (code === undefined && says(/^(?:invalid rev\b|revision not found)/i)))
    return storeErrors.REVISION_NOT_FOUND({ repo, revision });
  if (code === 'EntryNotFound' || (code === undefined && says(/^entry not found/i)))
    return storeErrors.FILE_NOT_FOUND({ repo, path });
  return code === undefined && says(/^(?:repository|repo|model) not found/i)
    ? storeErrors.REPO_NOT_FOUND({ repo, orPrivate: true })
    : undefined;
}

/** The text of `{"error": ...}`, the shape in which the hub refuses. */
export function errorOf({ body }: Pick<Answer, 'body'>): string | undefined {
  try {
    const value = parseBounded(body);
    const said: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'error') : undefined;
    return typeof said === 'string' ? said : undefined;
  } catch {
    return undefined;
  }
}
