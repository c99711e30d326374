import type { Container } from 'inversify';
import { libraryOf } from '@assay/core/composition/library';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { SubnetProfile } from '@assay/core/competition/profile';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { EvaluationProgress } from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import type { FetchProgress } from '@assay/core/contracts/model-store';
import { printable } from '@assay/core/errors/printable';
import { scratchFolderIn, withScratch } from '@assay/core/evaluation/scratch';
import { fetchedText } from '../report/quantities.js';
import { acceptanceOf, type Acceptance } from './acceptance.js';
import { bestKnown, type BestKnown } from './best-known.js';
import { competitionOf, drawCompetition, type DrawnCompetition } from './competition.js';
import { evaluateErrors } from './errors.js';
import { evaluateModel, evaluateOrSayWhyNot, inspect, type EvaluatedModel } from './evaluate-model.js';
import { playDuel, type Duel } from './duel.js';
import { findModel, locateModel, type FoundModel, type ModelLocation } from './find-model.js';
import type { Side } from './score-in-turns.js';
import { hasKing, locateKing } from './king.js';
import { libraryThatSaved } from './library-that-saved.js';
import { questionOfSequences } from './questions.js';
import { readSequences } from './sequences-file.js';

export interface Evaluation extends EvaluatedModel {
  found: FoundModel;
  facts: ModelFacts;
  competition?: { drawn: DrawnCompetition; acceptance: Acceptance; best?: BestKnown; duel?: Duel };
}

interface EvaluateRequest {
  /** Folder, or NAMESPACE/NAME@REVISION. */
  model: string;
  /** A file; either this or a competition. */
  sequences?: string | undefined;
  /** Name or number. */
  competition?: string | undefined;
  /** Decimal digits. */
  seed?: string | undefined;
  /** Who is challenged: `king`, a uid, a folder or a repo. */
  against?: string | undefined;
}

/** What costs nothing is refused first: flags, then names, then what has to be fetched or computed. */
export async function evaluate(
  container: Container,
  surroundings: Surroundings,
  { model, sequences, competition, seed, against }: EvaluateRequest,
  tell: (progress: string) => void,
  signal: AbortSignal,
): Promise<Evaluation> {
  if ((sequences === undefined) === (competition === undefined)) throw evaluateErrors.EVALUATE_ON_WHAT({});
  const given = seed === undefined ? undefined : seedOf(seed);
  const read = sequences === undefined ? undefined : await readSequences(sequences);
  const chosen = competition === undefined ? undefined : competitionOf(surroundings, competition);
  const location = await locateModel(model);
  surroundings.library = libraryOf(surroundings, () => (chosen ? [chosen] : []));
  if ('directory' in location && !chosen) surroundings.library ??= await libraryThatSaved(location.directory);
  const onFetch = ({ path, ...progress }: FetchProgress): void => {
    tell(`fetching ${printable(path, 60)}: ${fetchedText(progress)}`);
  };
  const { profile, registry } = surroundings;
  const scheme = registry.rules.bind('commitmentSchemes', profile.commitment).rule;
  const found = await findModel(container, location, chosen !== undefined, scheme, onFetch, signal);
  tell('inspecting');
  const facts = await inspect(container, found, signal);
  const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number }): void => {
    tell(`${phase}: ${done} of ${total}`);
  };
  return withScratch(scratchFolderIn(surroundings.dataDir), async (scratch) => {
    if (!chosen) {
      const questions = read ? [await questionOfSequences(read, sequences ?? '', facts.vocabularySize, scratch)] : [];
      return { found, facts, ...(await evaluateModel(container, found, facts, questions, onProgress, signal)) };
    }
    tell('drawing samples');
    const drawing = { seed: given, scratch };
    const drawn = await drawCompetition(container, surroundings, chosen, drawing, signal);
    const asked = { drawn, scheme, profile };
    const challenger = { found, facts };
    if (against !== undefined) {
      const location = await locateKing(container, against, asked, signal);
      const king = await sideAt(container, location, scheme, onFetch, signal);
      return challenge(container, asked, { king, challenger }, onProgress, signal);
    }
    if (hasKing(drawn)) drawn.warnings.push(evaluateErrors.NOBODY_CHALLENGED({ competition: chosen.name }).toReport());
    const evaluated = await evaluateOrSayWhyNot(container, found, facts, drawn.questions, onProgress, signal);
    const acceptance = acceptanceOf(drawn, { profile, scheme }, found, facts, evaluated);
    const best = await bestKnown(container, drawn);
    return { found, facts, ...evaluated, competition: { drawn, acceptance, ...(best ? { best } : {}) } };
  });
}

async function sideAt(
  container: Container,
  location: ModelLocation,
  scheme: CommitmentScheme,
  onFetch: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<Side> {
  const found = await findModel(container, location, true, scheme, onFetch, signal);
  return { found, facts: await inspect(container, found, signal) };
}

/** How a round against the king would go, and whether the challenger would be let in. */
async function challenge(
  container: Container,
  { drawn, profile, scheme }: { drawn: DrawnCompetition; profile: SubnetProfile; scheme: CommitmentScheme },
  { king, challenger }: { king: Side; challenger: Side },
  onProgress: (progress: EvaluationProgress) => void,
  signal: AbortSignal,
): Promise<Evaluation> {
  const defender = { reference: king.found.model.reference, config: king.found.config };
  const { evaluated, duel } = await playDuel(container, drawn, { king, challenger }, onProgress, signal);
  const { found, facts } = challenger;
  const acceptance = acceptanceOf(drawn, { profile, scheme, defender }, found, facts, evaluated);
  return { found, facts, ...evaluated, competition: { drawn, acceptance, ...(duel ? { duel } : {}) } };
}

/** @throws SEED_INVALID */
function seedOf(seed: string): bigint {
  if (!/^\d{1,80}$/.test(seed)) throw evaluateErrors.SEED_INVALID({ seed });
  return BigInt(seed);
}
