import type { Container } from 'inversify';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { FetchProgress } from '@assay/core/contracts/model-store';
import { repoName } from '@assay/core/contracts/model';
import { printable } from '@assay/core/errors/printable';
import { directoryHash } from '@assay/core/model/directory-hash';
import { competitionOf } from '../evaluate/competition.js';
import { locateModel } from '../evaluate/find-model.js';
import { plainTable } from '../report/plain-table.js';
import { lookAt, notesOn } from './look.js';

interface HashRequest {
  /** Folder, or NAMESPACE/NAME@REVISION. */
  model: string;
  /** Who is to commit to it. */
  hotkey?: string | undefined;
  /** Name or number. */
  competition?: string | undefined;
}

/** What a claim to a model binds, and why each file is a part of it or not. */
interface HashDocument {
  model: string;
  /** base64; what the proof is made of under the commitment scheme `pretraining`. */
  directoryHash: string;
  hotkey: string | null;
  /** What a claim by this hotkey has to carry; null without one. */
  proof: string | null;
  /** The claim as it is committed; null where the revision, the hotkey or the competition is not given. */
  commitment: string | null;
  bytes: number;
  files: { path: string; size: number; sha256: string | null; counts: boolean; why: string }[];
  notes: string[];
}

export async function hashOf(
  container: Container,
  surroundings: Surroundings,
  { model: given, hotkey, competition }: HashRequest,
  onProgress: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<HashDocument> {
  const { profile, registry } = surroundings;
  const scheme = registry.rules.bind('commitmentSchemes', profile.commitment).rule;
  const id = competition === undefined ? undefined : competitionOf(surroundings, competition).id;
  const looked = await lookAt(container, await locateModel(given), scheme, onProgress, signal);
  const { model, files, reasons } = looked;
  const digests = new Map(model.files.map(({ path, sha256 }) => [path, sha256]));
  const why = new Map(reasons.map((reason) => [reason.path, reason.why]));
  const proof = hotkey === undefined ? null : scheme.proofOf(model, hotkey);
  const { reference } = model;
  const isClaim = hotkey !== undefined && proof !== null && id !== undefined && reference.revision !== '';
  return {
    model: reference.revision === '' ? given : `${repoName(reference)}@${reference.revision}`,
    directoryHash: directoryHash(model.files),
    hotkey: hotkey ?? null,
    proof,
    commitment: isClaim ? scheme.format({ reference, proof, competition: id }, hotkey) : null,
    bytes: model.files.reduce((sum, { size }) => sum + size, 0),
    files: files.map(({ path, size }) => ({
      ...{ path, size, sha256: digests.get(path) ?? null, counts: digests.has(path) },
      why: why.get(path) ?? 'the commitment scheme decides so',
    })),
    notes: notesOn(looked),
  };
}

/** For people: the files in a table, then what is bound. */
export function hashText({ directoryHash: directory, proof, commitment, files, notes }: HashDocument): string {
  const rows = files.map(({ path, size, counts, why }) => [counts ? 'yes' : '', size, printable(path, 100), why]);
  return [
    plainTable(['counts', 'bytes', 'file', 'because'], rows),
    '',
    ...notes.map((note) => `note: ${note}`),
    `directory   ${directory}`,
    ...(proof === null ? [] : [`proof       ${proof}`]),
    ...(commitment === null ? [] : [`commitment  ${printable(commitment, 1024)}`]),
  ].join('\n');
}
