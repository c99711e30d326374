import { beforeAll, describe, expect, it } from 'vitest';
import { defineErrors } from '@assay/core/errors/define-errors';
import { keepSecretsOf, valueWithoutSecrets, withoutSecrets } from '@assay/core/errors/secrets';

const environment = {
  HF_TOKEN: 'hf_abcdefgh',
  AWS_SECRET_ACCESS_KEY: 'a/b+c"d=efgh',
  GITHUB_PASSWORD: 'short',
  HF_TOKEN_PATH: '/home/operator/token',
  BT_PW__HOME_OPERATOR_KEY_FILE: 'NjEsJD4xOGU=',
  LANGUAGE: 'en_GB.UTF-8',
};

describe('a secret', () => {
  beforeAll(() => {
    keepSecretsOf(environment);
  });

  it.each([
    ['as it is', 'sent hf_abcdefgh there', 'sent [HF_TOKEN] there'],
    ['a password of a file', 'sent NjEsJD4xOGU= there', 'sent [BT_PW__HOME_OPERATOR_KEY_FILE] there'],
    ['more than once', 'hf_abcdefghhf_abcdefgh', '[HF_TOKEN][HF_TOKEN]'],
    ['in JSON', JSON.stringify({ key: 'a/b+c"d=efgh' }), '{"key":"[AWS_SECRET_ACCESS_KEY]"}'],
    ['in a URL', `https://x/?k=${encodeURIComponent('a/b+c"d=efgh')}`, 'https://x/?k=[AWS_SECRET_ACCESS_KEY]'],
    [
      'in hex',
      `sent ${Buffer.from('hf_abcdefgh').toString('hex')}, ${Buffer.from('hf_abcdefgh').toString('hex').toUpperCase()}`,
      'sent [HF_TOKEN], [HF_TOKEN]',
    ],
  ])('is shown by its name: %s', (_what, text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  it.each(['', 'a', 'ab', 'abc', 'Bearer '])('is shown by its name in base64, behind %j', (before) => {
    for (const form of ['base64', 'base64url'] as const) {
      for (const behind of ['', 'x', 'xy']) {
        const shown = withoutSecrets(Buffer.from(`${before}hf_abcdefgh${behind}`).toString(form));
        // A character at each end may hold a bit or two of it.
        expect(shown).toMatch(/^[\w-]*\[HF_TOKEN\][\w-]{0,4}=*$/);
      }
    }
  });

  it('is found in whatever holds it, keys too', () => {
    expect(valueWithoutSecrets({ list: ['hf_abcdefgh', 1, null], hf_abcdefgh: { deep: 'x hf_abcdefgh' } })).toEqual({
      list: ['[HF_TOKEN]', 1, null],
      '[HF_TOKEN]': { deep: 'x [HF_TOKEN]' },
    });
  });

  it('is no path, no language, and nothing of a few letters', () => {
    const text = 'short /home/operator/token en_GB.UTF-8';
    expect(withoutSecrets(text)).toBe(text);
  });

  it("does not leave in an error's report", () => {
    const errors = defineErrors({
      ECHO: {
        fault: 'network',
        retry: 'backoff',
        message: (p: { said: string }) => `It said ${p.said}`,
        hint: (p: { said: string }) => `Not ${p.said}`,
      },
    });
    expect(JSON.stringify(errors.ECHO({ said: 'hf_abcdefgh' }).toReport())).not.toContain('hf_abcdefgh');
  });
});
