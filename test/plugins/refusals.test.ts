import { describe, expect, it } from 'vitest';
import type { Answer } from '@assay/lib-http';
import { refusalOf as refusalOfHub } from '../../plugins/huggingface/dist/hub-refusal.js';
import { refusalOf as refusalOfRegistry } from '../../plugins/oci/dist/refusal.js';

const asked = { what: 'a file', repo: 'miner/llama', revision: 'x', path: 'config.json' };
const answerOf = (status: number, code: string, fromOrigin: boolean): Answer => ({
  kind: 'answer',
  status,
  headers: { 'x-error-code': code },
  body: Buffer.from(JSON.stringify({ error: code, errors: [{ code }] })),
  fromOrigin,
});

describe('a refusal', () => {
  it.each([
    ['hub', refusalOfHub, 'RepoNotFound', 'EntryNotFound'],
    ['registry', refusalOfRegistry, 'NAME_UNKNOWN', 'BLOB_UNKNOWN'],
  ])('of a %s counts from its own host, and not from one that it redirects to', (_name, refusalOf, repo, file) => {
    for (const [code, meaning] of [
      [repo, 'REPO_NOT_FOUND'],
      [file, 'FILE_NOT_FOUND'],
    ] as const) {
      expect(refusalOf(answerOf(404, code, true), asked)).toMatchObject({ code: meaning, fault: 'miner' });
      const elsewhere = refusalOf(answerOf(404, code, false), asked);
      expect(elsewhere).toMatchObject({ code: 'SOURCE_UNREACHABLE', fault: 'network' });
    }
  });

  it('of the hub is a missing file or revision with status 404 only', () => {
    for (const code of ['EntryNotFound', 'RevisionNotFound'])
      expect(refusalOfHub(answerOf(403, code, true), asked)).toMatchObject({ code: 'SOURCE_ANSWER_INVALID' });
  });
});
