import { createHash } from 'node:crypto';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { Rule } from '@assay/core/contracts/rule';
import type { SeedRule } from '@assay/core/contracts/seed-rule';
import { commitmentErrors } from '@assay/core/model/errors';
import { z } from 'zod';

const CLAIM = /^v4\|([A-Za-z0-9][\w.-]*)\/([A-Za-z0-9][\w./-]*)\|hf:([0-9a-f]{40})\|\w{0,48}$/;

/** A throwaway in the shape of subnet 3's claims: `v4|repo|digest|author`. The commit binds the files; no competition is named. */
export const claims: Rule<CommitmentScheme, object> = {
  name: 'test-v4',
  version: 1,
  summary: 'v4|repo|digest|author.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({
    readFrom: 'commitments',
    parse: (text) => {
      const [, namespace, name, revision] = CLAIM.exec(text) ?? [];
      if (namespace === undefined || name === undefined || revision === undefined)
        throw commitmentErrors.COMMITMENT_MALFORMED({ reason: 'it is no v4 claim', commitment: text.slice(0, 256) });
      return { reference: { namespace, name, revision }, proof: revision, competition: null };
    },
    format: ({ reference: { namespace, name, revision } }) => `v4|${namespace}/${name}|hf:${revision}|`,
    filesThatCount: (files) => files.filter(({ path }) => path === 'config.json' || path.endsWith('.safetensors')),
    proofOf: ({ reference }) => reference.revision,
  }),
};

/** A throwaway: the hash of the challenger's own block, its hotkey and a base. */
export const challenge: Rule<SeedRule, { base: number }> = {
  name: 'test-challenge',
  version: 1,
  summary: 'The block of the claim that challenges, its hotkey and a base seed.',
  parameters: z.strictObject({ base: z.number().int().nonnegative() }),
  examples: [{ base: 3610 }],
  bind: ({ base }) => ({
    blockOf: ({ block, contenders, incumbents }) =>
      contenders.find(({ hotkey }) => !incumbents.includes(hotkey))?.block ?? block,
    seedOf: (hash, { contenders, incumbents }) => {
      const hotkey = contenders.find((one) => !incumbents.includes(one.hotkey))?.hotkey ?? '';
      const digest = createHash('blake2b512').update(`block_hash=${hash}|hotkey=${hotkey}|base_seed=${base}`).digest();
      return digest.readBigUInt64LE(0);
    },
  }),
};
