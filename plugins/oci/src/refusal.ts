import { z } from 'zod';
import { storeErrors } from '@assay/core/model/errors';
import type { Answer } from '@assay/lib-http';

/** The shape in which registries and their token servers refuse. */
const refusal = z.object({ errors: z.array(z.object({ code: z.string() })).min(1) });

export interface Asked {
  what: string;
  repo: string;
  revision: string;
  path?: string;
}

/**
 * The error that an answer without the thing asked for stands for. A miner is blamed only where a registry names the
 * reason in its own way: proxies, login pages and wrong addresses answer 401, 403 and 404 as well.
 */
export function refusalOf({ status, body, fromOrigin }: Answer, { what, repo, revision, path = '' }: Asked): Error {
  if (!fromOrigin)
    return storeErrors.SOURCE_UNREACHABLE({ what, reason: `the host that it is redirected to answers ${status}` });
  switch (codeIn(body)) {
    case 'NAME_UNKNOWN':
    case 'NAME_INVALID':
    // Registries say the same for what is private and what is not there.
    case 'UNAUTHORIZED':
    case 'DENIED':
      return storeErrors.REPO_NOT_FOUND({ repo, orPrivate: true });
    case 'MANIFEST_UNKNOWN':
      return storeErrors.REVISION_NOT_FOUND({ repo, revision });
    case 'BLOB_UNKNOWN':
      return storeErrors.FILE_NOT_FOUND({ repo, path });
    default:
      return storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `status ${status}` });
  }
}

function codeIn(body: Buffer): string | undefined {
  try {
    return refusal.parse(JSON.parse(body.toString('utf8'))).errors[0]?.code;
  } catch {
    return undefined;
  }
}
