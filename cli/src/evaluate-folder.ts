import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Container } from 'inversify';
import { EVALUATOR, MODEL_INSPECTOR, type EvaluationAnswer, type Evaluator, type ModelInspector } from '@assay/core/contracts/evaluator';
import type { ModelFacts, StoredFile } from '@assay/core/contracts/model';
import { textLossDetails, type TextLossDetails, type TextLossSamples } from '@assay/core/contracts/task-kinds';
import { defineErrors } from '@assay/core/errors/define-errors';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import type { Sequences } from './sequences-file.js';

export const evaluateErrors = defineErrors({
  MODEL_FOLDER_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { directory: string }) => `There is no folder ${p.directory}.`,
    hint: () => 'Name the folder that holds config.json and the safetensors.',
  },
});

const DEADLINE_MS = 3_600_000;
const GENERATED_TOKENS = 20;

/** Inspects and evaluates a plain folder with the configured backends: what a miner does with a model of theirs. */
export async function evaluateFolder(
  container: Container,
  folder: string,
  sequences: Sequences,
  signal: AbortSignal,
): Promise<{ facts: ModelFacts; answer: EvaluationAnswer; details: TextLossDetails }> {
  const directory = resolve(folder);
  if (!(await stat(directory).catch(() => undefined))?.isDirectory()) throw evaluateErrors.MODEL_FOLDER_MISSING({ directory });
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const facts = await inspector.inspect(directory, signal);
  const samples: TextLossSamples = {
    batches: sequences.batches,
    // Without one no position is masked: an id beyond the vocabulary occurs nowhere.
    padTokenId: sequences.padTokenId ?? facts.vocabularySize,
    packed: true,
    promptLength: sequences.promptLength,
    generatedTokens: GENERATED_TOKENS,
  };
  const evaluator = await container.getAsync<Evaluator>(EVALUATOR);
  const samplesDigest = createHash('sha256').update(canonicalJson(samples)).digest('hex');
  const answer = await evaluator.evaluate(
    {
      id: `${facts.evaluationDigest}-${samplesDigest}`,
      model: { reference: { namespace: '', name: folder, revision: '' }, directory, files: await filesOf(directory), facts },
      tasks: [{ name: 'sequences', kind: 'text-loss', samplesDigest, samples, extras: ['logits-spot'] }],
      deadlineMs: DEADLINE_MS,
    },
    () => undefined,
    signal,
  );
  return { facts, answer, details: textLossDetails.parse(answer.results[0]?.details) };
}

/** The folder's files by name and size; their content is identified by the facts' digest, so no hash is taken. */
async function filesOf(directory: string): Promise<StoredFile[]> {
  const names = (await readdir(directory)).sort();
  const files = await Promise.all(
    names.map(async (path) => {
      const entry = await stat(join(directory, path));
      return entry.isFile() ? [{ path, size: entry.size, sha256: '' }] : [];
    }),
  );
  return files.flat();
}
