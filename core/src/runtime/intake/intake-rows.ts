import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RoundJournal } from '../../contracts/round-journal.js';
import type { Put } from '../derived-rows.js';
import { asJson } from '../derived-rows.js';

/** Claims of a hotkey that are remembered as taken in; the chain shows the last ten at most. */
const REMEMBERED = 32;

/**
 * Table `taken-claims`, key: competition id, `/`, hotkey. Claims of a registered hotkey that the entrants rule has taken in, the
 * newest last; `text` is the start of the sha256 of the commitment.
 */
const takenClaims = z.array(z.object({ block: z.number(), text: z.string() }));

/**
 * Table `entrants-marks`, key: competition id, `/`, one of 256 buckets. The marks that the entrants rule keeps, each as the
 * start of its sha256 (96 bits): the texts are in the records of claims. A row of its own for each mark would be slow, because
 * every row of every table is checked each turn.
 */
const marks = z.array(z.string());
const MARK_DIGITS = 24;

type ClaimText = { block: number; commitment: string };

const textDigest = (commitment: string): string => createHash('sha256').update(commitment).digest('hex').slice(0, 16);
const markDigest = (mark: string): string => createHash('sha256').update(mark).digest('hex').slice(0, MARK_DIGITS);
const bucketOf = (digest: string): string => digest.slice(0, 2);

/** The tables of the intake of claims, of one competition. Reads go to the journal each time, as in `ValidatorState`. */
export class IntakeRows {
  constructor(
    private readonly journal: RoundJournal,
    private readonly competition: number,
  ) {}

  isTaken(hotkey: string, { block, commitment }: ClaimText): boolean {
    const text = textDigest(commitment);
    return this.#taken(hotkey).some((one) => one.block === block && one.text === text);
  }

  /** The row that notes claims of a hotkey as taken in. */
  taken(hotkey: string, claims: readonly ClaimText[]): Put {
    const added = claims.map(({ block, commitment }) => ({ block, text: textDigest(commitment) }));
    const value = [...this.#taken(hotkey), ...added].slice(-REMEMBERED);
    return { table: 'taken-claims', key: `${this.competition}/${hotkey}`, value: asJson(value) };
  }

  isMarked(mark: string): boolean {
    const digest = markDigest(mark);
    return this.#markedWith(bucketOf(digest)).includes(digest);
  }

  /** Rows with these marks beside those that are there. */
  marked(added: Iterable<string>): Put[] {
    const buckets = new Map<string, string[]>();
    for (const digest of [...added].map(markDigest)) {
      const others = buckets.get(bucketOf(digest));
      if (others) others.push(digest);
      else buckets.set(bucketOf(digest), [digest]);
    }
    return [...buckets].flatMap(([bucket, more]) => {
      const held = this.#markedWith(bucket);
      const all = [...new Set([...held, ...more])];
      return all.length === held.length ? [] : [this.#marksPut(bucket, all)];
    });
  }

  /** Rows that forget everything about claims of this competition, which has ended. */
  forgotten(): Put[] {
    return ['taken-claims', 'entrants-marks'].flatMap((table) =>
      this.journal
        .entries(table)
        .filter(({ key }) => key.startsWith(`${this.competition}/`))
        .map(({ key }) => ({ table, key, value: undefined })),
    );
  }

  #taken(hotkey: string): z.infer<typeof takenClaims> {
    return takenClaims.parse(this.journal.get('taken-claims', `${this.competition}/${hotkey}`) ?? []);
  }

  #markedWith(bucket: string): readonly string[] {
    return marks.parse(this.journal.get('entrants-marks', `${this.competition}/${bucket}`) ?? []);
  }

  #marksPut(bucket: string, value: readonly string[]): Put {
    return { table: 'entrants-marks', key: `${this.competition}/${bucket}`, value: asJson(value) };
  }
}

/** Rows that forget which claims of hotkeys were taken in: what such a hotkey may still do, the marks say. */
export const takenClaimsWithout = (journal: RoundJournal, isGone: (hotkey: string) => boolean): Put[] =>
  journal.entries('taken-claims').flatMap(({ key }) => {
    const hotkey = key.slice(key.indexOf('/') + 1);
    return isGone(hotkey) ? [{ table: 'taken-claims', key, value: undefined }] : [];
  });
