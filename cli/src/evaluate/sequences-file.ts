import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { defineErrors } from '@assay/core/errors/define-errors';
import { issuesOf } from '@assay/core/config/resolve';

export const sequencesErrors = defineErrors({
  SEQUENCES_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The sequences in ${p.path} can't be read: ${p.reason}`,
    hint: () => 'The file is JSON: {"batches": [batch][row][token], "prompt_length": 100, "pad_token_id": ID}.',
  },
});

const batches = z.array(z.array(z.array(z.number().int().nonnegative()).min(2)).min(1)).min(1);

const sequencesFile = z.object({
  batches: batches.optional(),
  batches_file: z.string().optional(),
  prompt_length: z.number().int().positive().default(100),
  pad_token_id: z.number().int().nonnegative().nullish(),
});

export interface Sequences {
  /** [batch][row][token] */
  batches: number[][][];
  promptLength: number;
  padTokenId: number | undefined;
}

/** Token sequences from a file, or from the file that it names beside itself. */
export async function readSequences(path: string): Promise<Sequences> {
  const file = parse(path, sequencesFile, await readJson(path));
  const { batches_file: other, prompt_length: promptLength, pad_token_id: padTokenId } = file;
  if (file.batches) return { batches: file.batches, promptLength, padTokenId: padTokenId ?? undefined };
  if (other === undefined) {
    throw sequencesErrors.SEQUENCES_UNREADABLE({ path, reason: 'it has neither batches nor batches_file' });
  }
  const otherPath = resolve(dirname(path), other);
  const inner = parse(otherPath, z.union([batches, z.object({ batches })]), await readJson(otherPath));
  return { batches: Array.isArray(inner) ? inner : inner.batches, promptLength, padTokenId: padTokenId ?? undefined };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw sequencesErrors.SEQUENCES_UNREADABLE(
      { path, reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}

function parse<T extends z.ZodType>(path: string, schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw sequencesErrors.SEQUENCES_UNREADABLE({ path, reason: issuesOf(parsed.error).slice(0, 5).join('; ') });
  return parsed.data;
}
