import { createHash } from 'node:crypto';
import type { Container } from 'inversify';
import { buildCompetition } from '@assay/core/composition/competitions';
import type { Surroundings } from '@assay/core/composition/container';
import type { Competition } from '@assay/core/competition/competition';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import type { EvaluationTask, TextLossSamples } from '@assay/core/contracts/task-kinds';
import { toAssayError } from '@assay/core/errors/describe';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import type { CompetitionRuntime } from '@assay/core/runtime/context';
import { drawSamples } from '@assay/core/runtime/round/sample';
import { syncBlockOf, syncBlockSeed } from '@assay/core/sampling/sync-block';
import { evaluateErrors } from './errors.js';
import type { Sequences } from './sequences-file.js';

const GENERATED_TOKENS = 20;

/** One task that a model is asked, and what it counts. */
export interface Question {
  evaluation: EvaluationTask;
  /** Dataset, or the file. */
  source: string;
  sequences: number;
  tokens: number;
  /** Share of the score. */
  weight: number;
}

export interface DrawnCompetition {
  runtime: CompetitionRuntime;
  questions: Question[];
  seed: bigint;
  /** Where the seed is from, for people. */
  seedSource: string;
}

const countTokens = (batches: TextLossSamples['batches']): number => batches.reduce((sum, rows) => sum + rows.reduce((tokens, row) => tokens + row.length, 0), 0);

/** @param noPad an id that occurs nowhere, for sequences that name no pad token: then no position is masked */
export function questionOfSequences({ batches, promptLength, padTokenId }: Sequences, source: string, noPad: number): Question {
  const samples: TextLossSamples = { batches, padTokenId: padTokenId ?? noPad, packed: true, promptLength, generatedTokens: GENERATED_TOKENS };
  const samplesDigest = createHash('sha256').update(canonicalJson(samples)).digest('hex');
  return {
    evaluation: { name: 'sequences', kind: 'text-loss', samplesDigest, samples, extras: ['logits-spot'] },
    source,
    sequences: batches.length,
    tokens: countTokens(batches),
    weight: 1,
  };
}

/** A competition's own samples: of the given seed, or of the newest block that all validators share. */
export async function drawCompetition(container: Container, surroundings: Surroundings, named: string, seed: bigint | undefined, signal: AbortSignal): Promise<DrawnCompetition> {
  const runtime = await buildCompetition(container, competitionOf(surroundings, named), surroundings, signal);
  const drawn = seed === undefined ? await sharedSeed(container, surroundings, signal) : { seed, seedSource: 'given' };
  const tasks = await drawSamples(surroundings, runtime, drawn.seed, signal);
  const questions = tasks.map(({ task, evaluation, batches }) => {
    const { batches: tokens } = evaluation.samples as TextLossSamples;
    return { evaluation, source: task.dataset, sequences: batches, tokens: countTokens(tokens), weight: task.weight };
  });
  return { runtime, questions, ...drawn };
}

function competitionOf({ registry }: Surroundings, named: string): Competition {
  if (!/^\d+$/.test(named)) return registry.competition(named);
  const found = registry.competitions().find(({ id }) => id === Number(named));
  if (!found) throw evaluateErrors.COMPETITION_NUMBER_UNKNOWN({ id: Number(named), known: registry.competitions().map(({ id, name }) => `${id} (${name})`) });
  return found;
}

/** Without a chain any seed shows how a model does; it is not the one that validators use now. */
async function sharedSeed(container: Container, { profile }: Surroundings, signal: AbortSignal): Promise<{ seed: bigint; seedSource: string }> {
  try {
    const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
    const { number } = await chain.head(signal);
    const syncBlock = syncBlockOf(number, profile.syncCadence);
    return { seed: syncBlockSeed(await chain.blockHash(asBlockNumber(syncBlock), signal)), seedSource: `block ${syncBlock}` };
  } catch (error) {
    signal.throwIfAborted();
    return { seed: 1n, seedSource: `no chain could be read (${toAssayError(error).code})` };
  }
}
