import { z } from 'zod';
import type { RepoFile } from '@assay/core/contracts/model';
import type { RepoListing } from '@assay/core/contracts/model-store';
import { storeErrors } from '@assay/core/model/errors';
import { parseBounded } from '@assay/lib-hub';
import type { Answer } from '@assay/lib-http';

const MAX_FILES = 10_000;
/** Files and folders: git has no empty folder. */
const MAX_ENTRIES = 2 * MAX_FILES;
/** A page has a thousand entries, each with a path of a few kilobytes at most. */
export const MAX_PAGE_BYTES = 32 * 1024 * 1024;
const LONGEST_PATH = 4_096;

const size = z.number().int().nonnegative();
const entrySchema = z.object({
  type: z.string(),
  path: z.string().min(1),
  size,
  oid: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).optional(),
});
const pageSchema = z.array(entrySchema);

/** Asks the hub for one page: the first one without a query of its own, the others by what the link to them says. */
type AskPage = (query: string | undefined) => Promise<Answer>;

/**
 * `fetch` for the hub's own client, for the pages of one list: it goes to the configured address whatever a link says, and
 * ends a list that goes on without an entry or has too many. Entries that come twice end a list that goes in circles.
 */
export function pagesFetch(what: string, ask: AskPage): typeof fetch {
  let entries: number | undefined;
  return async (input) => {
    const { search } = new URL(input instanceof Request ? input.url : input);
    const answer = await ask(entries === undefined ? undefined : search);
    const page = parsed(what, answer);
    const next = nextQuery(what, answer);
    if (page.length === 0 && next !== undefined) throw invalid(what, 'an empty page of the list leads to another one');
    entries = (entries ?? 0) + page.length;
    if (entries > MAX_ENTRIES) throw storeErrors.TOO_MANY_FILES({ limit: MAX_FILES });
    return Response.json(page, next === undefined ? {} : { headers: { link: `<http://hub/${next}>; rel="next"` } });
  };
}

/** Only the query of a link counts: mirrors pass on links to the hub itself. */
function nextQuery(what: string, { headers }: Answer): string | undefined {
  const next = /<([^<>]*)>\s*;\s*rel="?next\b/.exec([headers['link'] ?? ''].flat().join(', '))?.[1];
  if (next === undefined) return undefined;
  if (!URL.canParse(next, 'http://hub')) throw invalid(what, 'the link to the next page is no address');
  return new URL(next, 'http://hub').search;
}

function parsed(what: string, { body }: Answer): z.infer<typeof pageSchema> {
  let value: unknown;
  try {
    value = parseBounded(body);
  } catch (error) {
    throw invalid(what, error instanceof RangeError ? error.message : 'the list is no JSON');
  }
  const page = pageSchema.safeParse(value);
  if (page.success) return page.data;
  const [issue] = page.error.issues;
  throw invalid(what, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'another shape'}`);
}

/**
 * The files of a list that has come from the hub.
 * @throws TOO_MANY_FILES, FILE_NAME_REFUSED, SOURCE_ANSWER_INVALID
 */
export async function listingOf(
  what: string,
  entries: AsyncIterable<z.infer<typeof entrySchema>>,
): Promise<RepoListing> {
  const files: RepoFile[] = [];
  const paths = new Set<string>();
  let totalBytes = 0;
  for await (const entry of entries) {
    const { path } = entry;
    if (path.length > LONGEST_PATH) throw storeErrors.FILE_NAME_REFUSED({ path });
    if (paths.has(path)) throw invalid(what, `the list has ${path} twice`);
    paths.add(path);
    if (entry.type !== 'file') continue;
    if (files.length === MAX_FILES) throw storeErrors.TOO_MANY_FILES({ limit: MAX_FILES });
    files.push(fileOf(what, entry));
    totalBytes += entry.size;
  }
  if (!Number.isSafeInteger(totalBytes)) throw invalid(what, 'the files have more bytes than can be counted');
  return { files, totalBytes };
}

/** The id of a large file's entry is that of the pointer in its place: only the digest says anything about the content. */
function fileOf(what: string, { path, size, oid, lfs }: z.infer<typeof entrySchema>): RepoFile {
  if (!lfs) return { path, size, ...(oid === undefined ? {} : { gitOid: oid }) };
  if (lfs.size !== size) throw invalid(what, `the list has two sizes for ${path}`);
  return { path, size, sha256: lfs.oid };
}

const invalid = (what: string, reason: string): Error => storeErrors.SOURCE_ANSWER_INVALID({ what, reason });
