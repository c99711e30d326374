import type { Rule } from '@assay/core/contracts/rule';
import type { StandingRule } from '@assay/core/contracts/standing-rule';
import { z } from 'zod';

const state = z.object({ kings: z.array(z.string()) });
type State = z.infer<typeof state>;

/** A throwaway: the last kings share alike, newest first, each once, registered ones only. */
export const kingChain: Rule<StandingRule<State>, { kings: number }> = {
  name: 'test-king-chain',
  version: 1,
  summary: 'The last kings share alike.',
  parameters: z.strictObject({ kings: z.number().int().positive() }),
  examples: [{ kings: 5 }],
  bind: ({ kings: count }) => ({
    columns: [{ key: 'reign', title: 'reign', about: 'Place in the chain of kings, 1 for the one that reigns.' }],
    state,
    next: (before, { contenders, winner }) => {
      const hotkey = contenders.find(({ uid }) => uid === winner)?.hotkey;
      const others = (before?.kings ?? []).filter((one) => one !== hotkey);
      const kings = hotkey === undefined ? others : [hotkey, ...others].slice(0, count);
      const values = contenders.map(({ uid, hotkey: own }) => {
        const place = kings.indexOf(own);
        return [uid, { reign: place < 0 ? null : place + 1 }] as const;
      });
      return { state: { kings }, values: new Map(values) };
    },
    shares: ({ kings }, seats) => {
      const seated = seats.filter(({ hotkey }) => kings.includes(hotkey));
      const shares = new Array<number>(Math.max(0, ...seats.map(({ uid }) => uid + 1))).fill(0);
      for (const { uid } of seated) shares[uid] = 1 / seated.length;
      return shares;
    },
    incumbents: ({ kings }) => kings,
  }),
};
