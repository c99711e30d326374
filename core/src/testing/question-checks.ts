import { z } from 'zod';
import type { Question } from '../plugin/plugin.js';
import { demand, type Checks } from './checks.js';

interface Asking {
  options: { safeParse: (value: unknown) => unknown };
  questions?: readonly Question[];
}

/** An answer of each kind, where a question offers none. */
const ANSWERS: Readonly<Record<Question['kind'], string | number | boolean>> = {
  text: 'text',
  path: './path',
  choice: 'choice',
  number: 1,
  boolean: true,
};

/** Whether an implementation asks for options that it has, and takes the answers that it offers. */
export function questionChecks({ options, questions = [] }: Asking): Checks {
  if (questions.length === 0) return {};
  return {
    'asks for options that it has, and takes the answers that it offers': () => {
      for (const { key, kind, choices = [], default: fallback } of questions) {
        const offered = [...choices, ...(fallback === undefined ? [] : [fallback])];
        for (const answer of offered.length > 0 ? offered : [ANSWERS[kind]]) {
          const complaint = complaintOf(options, key, answer, offered.includes(answer));
          demand(complaint === undefined, `${key} with the answer ${JSON.stringify(answer)}: ${complaint ?? ''}`);
        }
      }
    },
  };
}

const refusal = z.object({
  error: z.object({
    issues: z.array(
      z.object({ path: z.array(z.unknown()), message: z.string(), keys: z.array(z.string()).default([]) }),
    ),
  }),
});

/**
 * What the schema says against an answer. Options that were not answered are no complaint, and an answer that the question
 * does not offer may be of another form than the option: only that the option is unknown counts then.
 */
function complaintOf(options: Asking['options'], key: string, answer: unknown, isOffered: boolean): string | undefined {
  const parts = key.split('.');
  const value = parts.reduceRight<unknown>((inner, part) => ({ [part]: inner }), answer);
  const issues = refusal.safeParse(options.safeParse(value)).data?.error.issues ?? [];
  const isOn = (path: readonly unknown[]): boolean => path.every((part, index) => String(part) === parts[index]);
  const found = issues.find(({ path, keys }) => {
    const below = parts[path.length];
    if (isOn(path) && below !== undefined && keys.includes(below)) return true;
    return isOffered && path.length >= parts.length && isOn(path.slice(0, parts.length));
  });
  return found?.message;
}
