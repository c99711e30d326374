import { describe, expect, it } from 'vitest';
import { isAssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { keepSecret } from '@assay/core/errors/secrets';

const report = {
  code: 'POEMS_GONE',
  message: 'There are no poems.',
  hint: 'Look at the poem server.',
  fault: 'network',
  retry: 'backoff',
  payload: { server: 'poems' },
};
const marked = (change: Readonly<Record<string, unknown>> = {}): Error =>
  Object.assign(new Error(report.message), { ...report, ...change, [Symbol.for('assay.error')]: true });

describe('an error of a package that brings no core', () => {
  it('is one like ours when it is marked, whoever is asked first', () => {
    const [asked, taken] = [marked(), marked()];
    expect(isAssayError(asked) && asked.toReport()).toEqual(report);
    expect(toAssayError(taken)).toBe(taken);
    expect(toAssayError(taken).toReport()).toEqual(report);
  });

  it('shows no secret either', () => {
    keepSecret('POEM_TOKEN', 'rosesAreRed');
    expect(
      JSON.stringify(
        toAssayError(marked({ message: 'refused rosesAreRed', payload: { token: 'rosesAreRed' } })).toReport(),
      ),
    ).not.toContain('rosesAreRed');
  });

  it.each<[what: string, change: Record<string, unknown>, named: string]>([
    ['no hint', { hint: undefined }, 'hint: '],
    ['a fault that nobody has', { fault: 'them' }, 'fault: '],
    ['another word for trying again', { retry: 'later' }, 'retry: '],
    ['no payload', { payload: undefined }, 'payload: '],
    ['a code that is a number', { code: 7 }, 'code: '],
  ])('marked, with %s, is none, and it is said why', (_what, change, named) => {
    const known = toAssayError(marked(change));
    expect(known).toMatchObject({
      code: 'INTERNAL',
      fault: 'validator',
      message: expect.stringContaining(named) as string,
    });
    expect(known.message).toContain('There are no poems.');
  });

  it('blames nobody without the mark: what has these members by chance is no error of ours', () => {
    expect(toAssayError({ ...report, fault: 'miner' })).toMatchObject({ code: 'INTERNAL', fault: 'validator' });
  });

  it('that can not be given the method is none', () => {
    expect(isAssayError(Object.freeze(marked()))).toBe(false);
  });

  it('of a schema is told by path and message', () => {
    const thrown = Object.assign(new Error('[{"a dump"}]'), {
      issues: [
        { path: ['verses', 0], message: 'too short' },
        { path: [], message: 'no rhyme' },
      ],
    });
    expect(toAssayError(thrown).message).toBe('Unexpected error: verses.0: too short; (top): no rhyme');
  });
});
