import type { EntrantsRule, Intake, TakenClaim } from '@assay/core/contracts/entrants-rule';
import { modelReference, repoName } from '@assay/core/contracts/model';
import type { Rule } from '@assay/core/contracts/rule';
import { markCount, NO_MARKS, withMarks } from '@assay/core/judging/mark-count';
import { z } from 'zod';
import { beginning, historySince } from '../beginning.js';
import { duelErrors } from '../errors.js';

const parameters = z.strictObject({
  ahead: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Models at the head of the queue that are fetched ahead.'),
  ...beginning(
    'Block from which on claims count; earlier ones are ignored. Left out: all count, also for late validators.',
  ),
});
type Parameters = z.infer<typeof parameters>;

const waiting = z.object({
  uid: z.number().int(),
  hotkey: z.string(),
  block: z.number().int(),
  commitment: z.string(),
  reference: modelReference,
  /** Rounds in a row that the challenger has played and that did not decide. */
  undecided: z.number().int().positive().optional(),
});
type WaitingClaim = z.infer<typeof waiting>;

/**
 * How many hotkeys and digests have had their turn, then the claims that wait, in the order of their turns. A list, because the
 * journal stores each of its items once however many records hold it.
 */
const state = z.tuple([markCount], waiting);
type State = z.infer<typeof state>;

const EMPTY: State = [NO_MARKS];

const hotkeyMark = (hotkey: string): string => `hotkey ${hotkey}`;
const digestMark = (digest: string): string => `digest ${digest.toLowerCase()}`;

/** A commit of the hub or the digest of an image, as claims and references write them; the revision of a reference comes out. */
const submitted = z
  .string()
  .regex(/^(?:(?:hf:)?[0-9a-f]{40}|(?:sha256:)?[0-9a-f]{64})$/i, {
    error: 'is neither a commit (40 hex digits) nor sha256: with 64 hex digits',
  })
  .transform((text) =>
    text
      .toLowerCase()
      .replace(/^hf:/, '')
      .replace(/^(?=[0-9a-f]{64}$)/, 'sha256:'),
  );
const evaluated = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{47,48}$/, { error: 'is no address of a hotkey' });

/** What an operator writes of earlier claims: hotkeys that have had their evaluation, and digests that were submitted. */
const given = z
  .strictObject({ hotkeys: z.array(evaluated), digests: z.array(submitted) })
  .transform(({ hotkeys, digests }) => [...hotkeys.map(hotkeyMark), ...digests.map(digestMark)]);

/** A challenger that has begun its rounds stays the first, then the earlier claim is. */
const inOrder = (claims: readonly WaitingClaim[]): WaitingClaim[] =>
  [...claims].sort((a, b) => (b.undecided ?? 0) - (a.undecided ?? 0) || a.block - b.block || a.uid - b.uid);

/** First come, first served: the king's next challenger is the claim of the lowest block, and each hotkey challenges once. */
export const queue: Rule<EntrantsRule<State>, Parameters> = {
  name: 'queue',
  version: 1,
  summary: 'Challengers come one by one in order of their claims; each hotkey and each model has one evaluation.',
  parameters,
  examples: [{}, { ahead: 2, opens: 1000 }],
  bind: (chosen) => ({
    state,
    intake: {
      ahead: chosen.ahead,
      given: { schema: given, begin: (marked) => [marked] },
      take: (before = EMPTY, claim, context) => taken(before, claim, context, chosen.opens),
      queue: ([, ...claims]) => claims,
      marked: (held) => held?.[0] ?? NO_MARKS,
      leave: ([marked, ...claims], hotkey) => [marked, ...claims.filter((claim) => claim.hotkey !== hotkey)],
    },
    ...historySince(chosen, 'which hotkeys and models have had their evaluation'),
    repetition: (held) => (held?.[1]?.undecided ?? 0) + 1,
    select: (held, ready, { denied = [] }) => {
      const [, ...claims] = held ?? EMPTY;
      const head = claims.find(({ hotkey }) => !denied.includes(hotkey))?.hotkey;
      return ready.some(({ hotkey }) => hotkey === head) && head !== undefined ? [head] : [];
    },
    again: () => false,
    next: (held, { contenders }) => {
      const [marked, ...claims] = held ?? EMPTY;
      const after = claims.flatMap((claim): WaitingClaim[] => {
        const contender = contenders.find(({ hotkey }) => hotkey === claim.hotkey);
        if (!contender || contender.outcome === 'waiting') return [claim];
        return contender.record?.playsAgain === true ? [{ ...claim, undecided: (claim.undecided ?? 0) + 1 }] : [];
      });
      return { state: [marked, ...inOrder(after)], keep: [] };
    },
  }),
};

function taken(
  [marked, ...claims]: State,
  { uid, hotkey, block, commitment, reference }: TakenClaim,
  { incumbents, isMarked }: { incumbents: readonly string[]; isMarked: (mark: string) => boolean },
  opens = 0,
): Intake<State> {
  const own = hotkeyMark(hotkey);
  const model = digestMark(reference.revision);
  if (block < opens) return { status: 'ignored', reason: `claims count from block ${opens} on`, always: true };
  if (isMarked(own))
    return { status: 'ignored', reason: 'this hotkey has claimed the one evaluation that it has', always: true };
  if (incumbents[0] === hotkey) return { status: 'ignored', reason: 'the king does not challenge' };
  if (isMarked(model))
    return {
      status: 'refused',
      error: duelErrors.DIGEST_SUBMITTED_BEFORE({ digest: reference.revision }),
      state: [withMarks(marked, [own]), ...claims],
      marks: [own],
    };
  const repo = repoName(reference);
  if (claims.some((claim) => repoName(claim.reference) === repo))
    return { status: 'ignored', reason: 'this repo waits in the queue already' };
  const marks = [own, model];
  return {
    status: 'queued',
    state: [withMarks(marked, marks), ...inOrder([...claims, { uid, hotkey, block, commitment, reference }])],
    marks,
  };
}
