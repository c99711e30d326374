import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { modelReference, type ModelReference } from '../../contracts/model.js';
import { storeErrors } from '../errors.js';
import { isAbsence } from './folder-contents.js';
import { isOfLivingProcess, PROCESS_NAME } from './process-name.js';
import { foldersOf } from './reference-folders.js';

/** A list of models that a validator has not renewed for so long is no longer heeded: it will not come back. */
const KEPT_FOR_MS = 14 * 24 * 3_600_000;
const POLL_MS = 20;
/** A removal takes a rename: a process that has not ended it after so long is stopped or hangs. */
const LONGEST_WAIT_MS = 60_000;
/** Ends the name of a list that is being written. */
const DRAFT = '.draft';
/** No list takes so long to write. */
const DRAFT_MS = 3_600_000;

const listSchema = z.object({ references: z.array(modelReference) });

/** Why a model must stay, and for whom. */
export type HoldReason = 'pinned' | 'kept' | 'in use';

/** Identity of a model among the holds: the path of its folder. */
export const holdKey = (reference: ModelReference): string => foldersOf(reference).join('/');

/**
 * What must not be removed from a store that several processes share: models in use (a lease, for as long as the process
 * lives), models that a validator waits to judge (kept, also while it is not running) and models that the operator has
 * pinned. Each is a file, so that every process sees it.
 *
 * A model is removed between `begin` and `end` of a removal, and only when nothing holds it after `begin`; who takes a lease
 * waits for removals of its model that have begun. One of the two sees the other, whichever comes first.
 */
export class Holds {
  readonly #leases: string;
  readonly #kept: string;
  readonly #pins: string;
  readonly #removals: string;
  readonly #file: string;
  /** Leases of this process by key, and how many there are of each. */
  readonly #mine = new Map<string, { reference: ModelReference; count: number }>();
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#leases = join(directory, 'leases');
    this.#kept = join(directory, 'kept');
    this.#pins = join(directory, 'pins');
    this.#removals = join(directory, 'removals');
    // One process may have a store open more than once.
    this.#file = join(this.#leases, `${PROCESS_NAME}.${randomUUID()}`);
  }

  async prepare(): Promise<void> {
    for (const folder of [this.#leases, this.#kept, this.#pins, this.#removals])
      await mkdir(folder, { recursive: true });
    for (const name of await readdir(this.#leases)) {
      if (!isOfLivingProcess(name)) await rm(join(this.#leases, name), { force: true });
    }
    for (const folder of [this.#kept, this.#pins]) await removeOldDrafts(folder);
    for (const name of await readdir(this.#removals)) {
      if (!isOfLivingProcess(processOf(name))) await rm(join(this.#removals, name), { force: true });
    }
  }

  /** Holds a model until the release, which may be called more than once. */
  async lease(reference: ModelReference): Promise<() => Promise<void>> {
    const key = holdKey(reference);
    const count = (this.#mine.get(key)?.count ?? 0) + 1;
    this.#mine.set(key, { reference, count });
    let held = true;
    const release = async (): Promise<void> => {
      if (!held) return;
      held = false;
      const left = (this.#mine.get(key)?.count ?? 1) - 1;
      if (left > 0) this.#mine.set(key, { reference, count: left });
      else {
        this.#mine.delete(key);
        await this.#writeMine();
      }
    };
    try {
      // Also where there is a lease already: its file may not be on disk yet.
      await this.#writeMine();
      await this.#removalsEnded(reference);
    } catch (error) {
      // What has gone wrong before says more than what goes wrong now.
      await release().catch(() => undefined);
      throw error;
    }
    return release;
  }

  /** Replaces what the validator of this name keeps. */
  async keep(validator: string, references: readonly ModelReference[]): Promise<void> {
    await replaceFile(join(this.#kept, `${validator}.json`), JSON.stringify({ references }));
  }

  async pin(reference: ModelReference): Promise<void> {
    await replaceFile(this.#pinFile(reference), JSON.stringify({ references: [reference] }));
  }

  async unpin(reference: ModelReference): Promise<void> {
    await rm(this.#pinFile(reference), { force: true });
  }

  /** Why each model is held, by key. */
  async all(now: number): Promise<Map<string, Set<HoldReason>>> {
    const held = new Map<string, Set<HoldReason>>();
    const add = (reason: HoldReason, references: readonly ModelReference[]): void => {
      for (const reference of references) {
        const key = holdKey(reference);
        held.set(key, (held.get(key) ?? new Set()).add(reason));
      }
    };
    for (const name of await readdir(this.#leases)) {
      if (isOfLivingProcess(name)) add('in use', await listIn(join(this.#leases, name)));
    }
    for (const name of await readdir(this.#kept)) {
      const path = join(this.#kept, name);
      if (name.endsWith('.json') && (await ageMs(path, now)) < KEPT_FOR_MS) add('kept', await listIn(path));
    }
    for (const name of await readdir(this.#pins)) {
      if (name.endsWith('.json')) add('pinned', await listIn(join(this.#pins, name)));
    }
    return held;
  }

  /** Says that a model is about to be removed. What holds it has to be asked for after this. @returns ends the removal */
  async beginRemoval(reference: ModelReference): Promise<() => Promise<void>> {
    const marker = join(this.#removals, `${nameOf(reference)}.${PROCESS_NAME}.${randomUUID()}`);
    await writeFile(marker, '');
    return () => rm(marker, { force: true });
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await rm(this.#file, { force: true });
  }

  async #removalsEnded(reference: ModelReference): Promise<void> {
    const prefix = `${nameOf(reference)}.`;
    for (let waited = 0; waited < LONGEST_WAIT_MS; waited += POLL_MS) {
      const under = (await readdir(this.#removals)).filter((name) => name.startsWith(prefix));
      if (!under.some((name) => isOfLivingProcess(processOf(name)))) return;
      await pause(POLL_MS);
    }
    const reason = 'another process has been removing a model for a minute and has not come to its end';
    throw storeErrors.STORE_FAILED({ directory: this.#removals, reason });
  }

  /** One after the other, each with what is held by then. */
  async #writeMine(): Promise<void> {
    const mine = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const references = [...this.#mine.values()].map(({ reference }) => reference);
        if (references.length === 0) await rm(this.#file, { force: true });
        else await replaceFile(this.#file, JSON.stringify({ references }));
      });
    this.#writing = mine;
    await mine;
  }

  #pinFile(reference: ModelReference): string {
    return join(this.#pins, `${nameOf(reference)}.json`);
  }
}

/** A file's name for a model, of bounded length. */
const nameOf = (reference: ModelReference): string => createHash('sha256').update(holdKey(reference)).digest('hex');

/** The part of a removal's name that says whose it is. */
const processOf = (name: string): string => name.slice(name.indexOf('.') + 1);

/** Whether a store can have the model: a list may have been written by hand, or by another version. */
function hasFolder(reference: ModelReference): boolean {
  try {
    holdKey(reference);
    return true;
  } catch {
    return false;
  }
}

async function listIn(path: string): Promise<ModelReference[]> {
  try {
    const { references } = listSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return references.filter(hasFolder);
  } catch (error) {
    if (isAbsence(error) || error instanceof SyntaxError || error instanceof z.ZodError) return [];
    throw error;
  }
}

async function ageMs(path: string, now: number): Promise<number> {
  try {
    return now - (await stat(path)).mtimeMs;
  } catch (error) {
    if (isAbsence(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** Drafts that a killed process has left. Younger ones may be of a living one. */
async function removeOldDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(DRAFT)) continue;
    const path = join(folder, name);
    if ((await ageMs(path, Date.now())) >= DRAFT_MS) await rm(path, { force: true });
  }
}

/** Readers see the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}${DRAFT}`;
  try {
    await writeFile(draft, text, { flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
