import { z } from 'zod';
import type { EntryCheck } from '../../contracts/entry-check.js';
import type { Rule } from '../../contracts/rule.js';
import { filesCheck, limitChecks, sizeCheck } from '../../model/limits.js';

/** The competition's `constraints`, each as soon as it can be known. */
export const limits: Rule<EntryCheck, object> = {
  name: 'limits',
  version: 1,
  summary: "The competition's constraints: bytes, architecture, parameters, positions, vocabulary; no two equal files.",
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({
    listed: ({ totalBytes }, { constraints }) => [sizeCheck(totalBytes, constraints)],
    fetched: ({ files }) => [filesCheck(files)],
    inspected: ({ facts }, { constraints, vocabularySize }) => limitChecks(facts, constraints, vocabularySize),
  }),
};
