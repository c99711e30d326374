import type { EntryCheck, LikeModel } from '@assay/core/contracts/entry-check';
import type { SimilarPair } from '@assay/core/contracts/similarity';
import { comparisonsOf } from '@assay/core/judging/compared';
import { nearCopy } from '@assay/core/rules/entry/near-copy';
import { RuleBook } from '@assay/core/rules/rule-book';
import { describe, expect, it } from 'vitest';

const book = new RuleBook();
const checkOf = (parameters: Record<string, unknown> = {}): EntryCheck =>
  book.bind('entryChecks', { rule: 'near-copy', ...parameters }).rule;

/** @param near share of the weights in near tensors, for the difference that the rule asks about unless another is given */
const likeOf = (uid: number, share: number, near?: number, within = 0.01): LikeModel => ({
  ...{ uid, hotkey: `hotkey-${uid}`, block: 100 + uid, share },
  ...(near === undefined ? {} : { distance: { cosine: 1, difference: 0.001, near: [{ within, share: near }] } }),
});

type Outcome = 'plays' | 'refused' | number;
function outcomeOf(check: EntryCheck, like: LikeModel[]): Outcome {
  const findings = check.compared?.({ uid: 9, hotkey: 'hotkey-9', block: 500, like }) ?? [];
  const error = findings.find((finding) => finding.error)?.error;
  if (error) expect(error).toMatchObject({ code: 'NEAR_COPY', fault: 'miner', retry: 'never' });
  return error ? 'refused' : (findings.find(({ margin }) => margin !== undefined)?.margin ?? 'plays');
}

describe('near-copy', () => {
  it.each<[what: string, parameters: Record<string, unknown>, like: LikeModel[], outcome: Outcome]>([
    ['nothing alike', {}, [], 'plays'],
    ['most of the weights identical', {}, [likeOf(1, 0.95)], 'refused'],
    ['as much as the share', {}, [likeOf(1, 0.9)], 'refused'],
    ['a little less', {}, [likeOf(1, 0.899999)], 'plays'],
    ['all of them', {}, [likeOf(1, 1)], 'refused'],
    ['most of the weights near', {}, [likeOf(1, 0, 0.95)], 'refused'],
    ['most of them near by another difference', {}, [likeOf(1, 0, 0.95, 0.5)], 'plays'],
    ['most of them near, where nothing is sampled for it', { distance: null }, [likeOf(1, 0, 0.95)], 'plays'],
    ['half of another share', { share: 0.5 }, [likeOf(1, 0.5)], 'refused'],
    ['the second of several', {}, [likeOf(1, 0.6), likeOf(2, 0.95)], 'refused'],
    ['a copy, with a margin', { then: 'raise-margin', margin: 0.02 }, [likeOf(1, 0.95)], 0.02],
    ['nothing of the kind, with a margin', { then: 'raise-margin', margin: 0.02 }, [likeOf(1, 0.6)], 'plays'],
  ])('%s', (_what, parameters, like, outcome) => {
    expect(outcomeOf(checkOf(parameters), like)).toBe(outcome);
  });

  it('names the earliest of those that have most of the weights', () => {
    const [finding] =
      checkOf().compared?.({
        ...{ uid: 9, hotkey: 'hotkey-9', block: 500 },
        like: [likeOf(1, 0.92), likeOf(2, 0.99), likeOf(3, 0.99)],
      }) ?? [];
    expect(finding?.error?.toReport().payload).toMatchObject({ uid: 2, hotkey: 'hotkey-2', block: 102, share: 0.99 });
    expect(finding?.error?.message).toContain('99.0 % of the weights are in tensors of uid 2');
  });

  it('asks for samples only where it goes by a difference', () => {
    expect(checkOf().compares).toEqual({ share: 0.9, within: 0.01 });
    expect(checkOf({ share: 0.7, distance: null }).compares).toEqual({ share: 0.7 });
  });

  it.each([
    [{ then: 'raise-margin' }, 'margin'],
    [{ margin: 0.1 }, 'margin'],
    [{ then: 'raise-margin', margin: 1 }, 'margin'],
    [{ share: 0 }, 'share'],
    [{ share: 1.1 }, 'share'],
    [{ distance: -1 }, 'distance'],
    [{ distance: 1 }, 'distance'],
    [{ then: 'warn' }, 'then'],
  ])('does not take %j', (parameters, named) => {
    const parsed = nearCopy.parameters.safeParse(parameters);
    expect(parsed.error?.issues.map(({ path }) => path[0])).toContain(named);
  });
});

const seat = (uid: number): { uid: number; hotkey: string } => ({ uid, hotkey: `hotkey-${uid}` });
const claimOf = (uid: number, block: number): { uid: number; hotkey: string; block: number } => ({
  ...seat(uid),
  block,
});
const pairOf = (later: number, earlier: number, share = 1): SimilarPair => ({
  ...{ later: seat(later), earlier: seat(earlier), share },
});

describe('what checks say of the contenders of a round', () => {
  const refusedOf = (claims: ReturnType<typeof claimOf>[], pairs: SimilarPair[]): number[] =>
    comparisonsOf(claims, pairs, [checkOf()]).map(({ uid }) => uid);

  it.each<[what: string, claims: ReturnType<typeof claimOf>[], pairs: SimilarPair[], refused: number[]]>([
    ['the later one is refused', [claimOf(1, 10), claimOf(2, 11)], [pairOf(2, 1)], [2]],
    ['in one block neither is', [claimOf(1, 10), claimOf(2, 10)], [pairOf(2, 1)], []],
    ['uids do not matter', [claimOf(1, 11), claimOf(2, 10)], [pairOf(1, 2)], [1]],
    [
      'a copy of a copy is, whatever becomes of that one',
      [claimOf(1, 10), claimOf(2, 11), claimOf(3, 12)],
      [pairOf(2, 1), pairOf(3, 2), pairOf(3, 1, 0.6)],
      [2, 3],
    ],
    ['nobody is for a model that is in no round', [claimOf(2, 11)], [pairOf(2, 1)], []],
    ['nobody is for a pair that is told the wrong way round', [claimOf(1, 10), claimOf(2, 11)], [pairOf(1, 2)], []],
  ])('%s', (_what, claims, pairs, refused) => {
    expect(refusedOf(claims, pairs)).toEqual(refused);
    expect(refusedOf([...claims].reverse(), pairs)).toEqual(refused);
  });

  it('takes the largest margin of several checks, and one refusal over all margins', () => {
    const [claims, pairs] = [[claimOf(1, 10), claimOf(2, 11)], [pairOf(2, 1)]];
    const small = checkOf({ then: 'raise-margin', margin: 0.01 });
    const large = checkOf({ share: 0.5, then: 'raise-margin', margin: 0.03 });
    for (const checks of [
      [small, large],
      [large, small],
    ])
      expect(comparisonsOf(claims, pairs, checks)).toMatchObject([{ uid: 2, refusal: null, margin: 0.03 }]);
    expect(comparisonsOf(claims, pairs, [small, checkOf()])).toMatchObject([
      { uid: 2, refusal: { code: 'NEAR_COPY' } },
    ]);
  });
});
