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
  const { what, repo, revision, path = '' } = asked;
  const { status } = answer;
  if (!answer.fromOrigin)
    return storeErrors.SOURCE_UNREACHABLE({ what, reason: `the host that it is redirected to answers ${status}` });
  const code = headerOf(answer.headers, 'x-error-code');
  const said = errorOf(answer);
  if (code === 'GatedRepo')
    return storeErrors.REPO_NOT_PUBLIC({ repo, reason: 'whoever reads it has to accept an agreement first' });
  if (code === 'DisabledRepo' || (status === 403 && said !== undefined && /\bdisabled\b/i.test(said)))
    return storeErrors.REPO_NOT_PUBLIC({ repo, reason: 'the hub has disabled it' });
  // The hub answers the same for a repo that is private and one that is not there.
  if (code === 'RepoNotFound' || (status === 401 && said !== undefined))
    return storeErrors.REPO_NOT_FOUND({ repo, orPrivate: true });
  if (status === 404 && code === 'RevisionNotFound') return storeErrors.REVISION_NOT_FOUND({ repo, revision });
  if (status === 404 && code === 'EntryNotFound') return storeErrors.FILE_NOT_FOUND({ repo, path });
  return storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `status ${status}` });
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
