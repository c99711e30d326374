import type { EntrantsRule } from '@assay/core/contracts/entrants-rule';
import type { Rule } from '@assay/core/contracts/rule';
import { z } from 'zod';

const state = z.object({ hotkeys: z.array(z.string()), digests: z.array(z.string()) });
type State = z.infer<typeof state>;

/** A throwaway: the king and the first who waits; each hotkey and each model once, for ever. */
export const queue: Rule<EntrantsRule<State>, object> = {
  name: 'test-queue',
  version: 1,
  summary: 'First come, first served, one challenger at a time, one evaluation for each hotkey and model.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({
    state,
    select: (before, waiting, { incumbents }) => {
      const king = waiting.find(({ hotkey }) => hotkey === incumbents[0]);
      const isUsed = ({ hotkey, digest }: { hotkey: string; digest: string }): boolean =>
        before !== undefined && (before.hotkeys.includes(hotkey) || before.digests.includes(digest));
      const challenger = waiting.find((one) => one !== king && !isUsed(one));
      return challenger ? [king, challenger].flatMap((one) => (one ? [one.hotkey] : [])) : [];
    },
    again: () => false,
    next: (before, { contenders, winner }) => {
      const done = contenders.filter(({ outcome }) => outcome !== 'waiting');
      const add = (list: readonly string[] = [], more: readonly string[]): string[] => [...new Set([...list, ...more])];
      return {
        state: {
          hotkeys: add(
            before?.hotkeys,
            done.map(({ hotkey }) => hotkey),
          ),
          digests: add(
            before?.digests,
            done.map(({ digest }) => digest),
          ),
        },
        keep: winner === null ? [] : [winner],
      };
    },
  }),
};
