import { join } from 'node:path';
import type { Clock } from '../../contracts/clock.js';
import type { PruneResult, StoreUsage } from '../../contracts/model-store.js';
import type { ModelReference, StoredModel } from '../../contracts/model.js';
import { Contents } from './contents.js';
import { diskGuard } from './disk-guard.js';
import { Drafts } from './drafts.js';
import { FolderAges } from './folder-ages.js';
import { bytesBelow } from './folder-contents.js';
import { holdKey, Holds, type HoldReason } from './holds.js';
import { ModelFolders } from './model-folders.js';
import { Partials } from './partials.js';
import { Room, type Removable, type RoomLimits } from './room.js';

/** A store in which nothing is bounded but by the disk. */
const UNBOUNDED: RoomLimits = { maxBytes: Number.POSITIVE_INFINITY, minFreeBytes: 0 };

/** What no transfer has gone on with for so long is not gone on with any more: its claim has changed, or its repo is gone. */
const PARTIAL_GRACE_MS = 24 * 3_600_000;

interface StoreFolderOptions {
  /** Absolute; made when it is not there. */
  directory: string;
  limits?: RoomLimits;
}

/**
 * The folder of a store, whatever its models come from:
 *
 *     blobs/SHA256                           each content once; models have hard links to it
 *     models/NAMESPACE/NAME/REVISION/files   the files of a model, manifest.json beside them
 *     partials/CONTENT.PROCESS               what is being received
 *     drafts/PROCESS.*                       models that are being put together, and those on their way out
 *     leases, kept, pins, removals           what must stay, and what is about to go
 *
 * Several processes may have it open. Everything that it knows is in these names: there is no index to be lost.
 */
export class StoreFolder {
  readonly contents: Contents;
  readonly drafts: Drafts;
  readonly models: ModelFolders;
  readonly partials: Partials;
  readonly holds: Holds;
  readonly room: Room;
  readonly #ages: FolderAges;

  private constructor(
    readonly directory: string,
    limits: RoomLimits,
    private readonly clock: Clock,
  ) {
    this.contents = new Contents(join(directory, 'blobs'));
    this.drafts = new Drafts(join(directory, 'drafts'));
    this.models = new ModelFolders(join(directory, 'models'), this.drafts);
    this.partials = new Partials(join(directory, 'partials'));
    this.holds = new Holds(directory);
    this.room = new Room(
      { directory, ...limits },
      // What this process receives is promised already. Partial files come first: they become contents.
      async () => (await this.partials.bytes({ wanted: false })) + (await this.#bytesOfModels()),
      () => this.#removables(),
    );
    this.#ages = new FolderAges(clock);
  }

  /** Makes the folder and throws away what a killed run has put together by half. */
  static async open({ directory, limits = UNBOUNDED }: StoreFolderOptions, clock: Clock): Promise<StoreFolder> {
    const folder = new StoreFolder(directory, limits, clock);
    await diskGuard(directory, async () => {
      for (const part of [folder.contents, folder.models, folder.partials, folder.holds]) await part.prepare();
      await folder.drafts.discardLeftovers();
    });
    return folder;
  }

  /** Bytes on disk of models and of what is being received. */
  async bytes(): Promise<number> {
    return (await this.#bytesOfModels()) + (await this.partials.bytes({ wanted: true }));
  }

  /** Folders in the order in which a file comes through them: none is missed. */
  async #bytesOfModels(): Promise<number> {
    return bytesBelow(...['blobs', 'drafts', 'models'].map((part) => join(this.directory, part)));
  }

  async stored(reference: ModelReference): Promise<StoredModel | undefined> {
    return diskGuard(this.directory, () => this.models.stored(reference));
  }

  /** Notes that a model was added or asked for now. */
  async touch(reference: ModelReference): Promise<void> {
    this.#ages.renew(this.models.folderOf(reference));
    await diskGuard(this.directory, () => this.models.touch(reference, this.clock.now()));
  }

  async usage(): Promise<StoreUsage> {
    return diskGuard(this.directory, async () => {
      const bytes = await this.bytes();
      return {
        models: (await this.models.references()).length,
        bytes,
        freeBytes: await this.room.free(),
      };
    });
  }

  /**
   * Drops every model that nothing holds and that was not used for longer than the grace, contents that no model has, and
   * partial files that no process works at after a day.
   */
  async prune(graceMs: number, signal: AbortSignal): Promise<PruneResult> {
    return diskGuard(this.directory, async () => {
      const before = await this.bytes();
      const removed: ModelReference[] = [];
      for (const { reference, ageMs } of await this.removableModels()) {
        signal.throwIfAborted();
        if (ageMs >= graceMs && (await this.removeUnlessHeld(reference))) removed.push(reference);
      }
      for (const { sha256, ageMs } of await this.looseContents())
        if (ageMs >= graceMs) await this.contents.dropIfLoose(sha256);
      for (const partial of await this.partials.left())
        if (this.clock.now() - partial.changedMs >= Math.max(graceMs, PARTIAL_GRACE_MS))
          await this.partials.drop(partial);
      return { removed, freedBytes: Math.max(0, before - (await this.bytes())) };
    });
  }

  /** Models that nothing holds at this moment, those that were not used for longest first. */
  async removableModels(): Promise<{ reference: ModelReference; ageMs: number }[]> {
    const held = await this.held();
    const found: { reference: ModelReference; ageMs: number }[] = [];
    for (const reference of await this.models.references()) {
      const usedMs = await this.models.usedMs(reference);
      if (usedMs === undefined || held.has(holdKey(reference))) continue;
      const ageMs = this.#ages.ageMs(this.models.folderOf(reference), usedMs, this.clock.now());
      found.push({ reference, ageMs });
    }
    return found.sort((a, b) => b.ageMs - a.ageMs);
  }

  /** Contents that no model has, those that have been without one for longest first. */
  async looseContents(): Promise<{ sha256: string; size: number; ageMs: number }[]> {
    const loose = await this.contents.loose();
    const now = this.clock.now();
    return loose
      .map(({ sha256, size, changedMs }) => ({ sha256, size, ageMs: now - changedMs }))
      .sort((a, b) => b.ageMs - a.ageMs);
  }

  /** Why models are held, by `holdKey`. */
  async held(): Promise<Map<string, Set<HoldReason>>> {
    return this.holds.all(this.clock.now());
  }

  /** With the contents that no other model has. @returns whether the model is gone */
  async removeUnlessHeld(reference: ModelReference): Promise<boolean> {
    return this.#removeUnless(reference, (reasons) => reasons.size > 0);
  }

  /** Removes a model also where it is kept or pinned: it is fetched again. @returns whether it is gone: in use, it stays */
  async removeDamaged(reference: ModelReference): Promise<boolean> {
    return diskGuard(this.directory, () => this.#removeUnless(reference, (reasons) => reasons.has('in use')));
  }

  async #removeUnless(
    reference: ModelReference,
    mustStay: (reasons: ReadonlySet<HoldReason>) => boolean,
  ): Promise<boolean> {
    const end = await this.holds.beginRemoval(reference);
    try {
      if (mustStay((await this.held()).get(holdKey(reference)) ?? new Set())) return false;
      const files = await this.models.filesOf(reference);
      await this.models.remove(reference);
      this.#ages.forget(this.models.folderOf(reference));
      for (const { sha256 } of files) await this.contents.dropIfLoose(sha256);
      return true;
    } finally {
      await end();
    }
  }

  async close(): Promise<void> {
    await this.holds.close();
  }

  /**
   * What may go when room is short, in this order: partial files that no process works at, contents that no model has,
   * models that nothing holds. Of each the one that was not used for longest goes first.
   */
  async *#removables(): AsyncGenerator<Removable> {
    for (const partial of (await this.partials.left()).sort((a, b) => a.changedMs - b.changedMs)) {
      yield async () => {
        await this.partials.drop(partial);
        return true;
      };
    }
    for (const { sha256 } of await this.looseContents()) yield () => this.contents.dropIfLoose(sha256);
    for (const { reference } of await this.removableModels()) yield () => this.removeUnlessHeld(reference);
  }
}
