import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { competitionsText } from '../../cli/dist/competitions/text.js';
import type { CompetitionDescription } from '../../cli/dist/competitions/describe.js';
import { paletteFor } from '../../cli/dist/report/palette.js';
import { errorOf, validator } from '../e2e/validator-process.js';

const bare = {
  HOME: '/nonexistent',
  HF_TOKEN: '',
  HF_TOKEN_PATH: '',
  HF_HOME: '',
  XDG_CACHE_HOME: '',
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_SHARED_CREDENTIALS_FILE: '',
  AWS_CONFIG_FILE: '',
};

describe('validator competitions', () => {
  it('shows what a competition is, in words', async () => {
    const { stdout, code } = await validator(['competitions', 'six-tasks'], { env: bare });
    expect(code).toBe(0);
    for (const text of [
      'six-tasks-3b  (competition 2, package six-tasks)',
      '3.2 B to 3.4 B parameters, at most 15 GiB',
      '4096 tokens of cl100k_base, compared by mean-loss',
      '35 %  STACKV2_DEDUP: bigcode/the-stack-v2-dedup, 30 pages, at most 50 batches',
      '0.5 % when committed, down to 0.05 % after 72,000 blocks (10.0 days)',
      '██▇▇▇▆▆▆▅▅▅▄▄▄▃▃▃▂▂▂▂▂▂▂',
      '70 % of pretraining from block 4,732,978 to 5,177,980',
      'HF_TOKEN for bigcode/the-stack-v2-dedup: missing',
      'terms at https://huggingface.co/datasets/bigcode/the-stack-v2-dedup',
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for bigcode/the-stack-v2-dedup: missing',
    ])
      expect(stdout).toContain(text);
  });

  it('says where a credential is, and never what it is', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'assay-aws-')), 'credentials');
    writeFileSync(file, '[default]\naws_access_key_id = AKIATHEKEY\n');
    const env = { ...bare, HF_TOKEN: 'hf_doNotShowThis', AWS_SHARED_CREDENTIALS_FILE: file };
    const { stdout } = await validator(['competitions', 'the-stack-v2'], { env });
    expect(stdout).toContain('HF_TOKEN for bigcode/the-stack-v2-dedup: set');
    expect(stdout).toContain(`: in ${file}`);
    expect(stdout).not.toMatch(/doNotShow|AKIA/);
  });

  it('is plain text where nobody watches, also on a machine that says it can show colours', async () => {
    const { stdout } = await validator(['competitions', 'six-tasks'], {
      env: { ...bare, CI: 'true', FORCE_COLOR: '1' },
    });
    expect(stdout).not.toContain('\u001b');
  });

  it('is data with --json', async () => {
    const { stdout } = await validator(['competitions', 'the-stack-v2', '--json'], { env: bare });
    const { competitions } = JSON.parse(stdout) as { competitions: { name: string }[] };
    expect(competitions.map(({ name }) => name)).toEqual([
      'the-stack-v2',
      'fineweb-edu-14b',
      'fineweb-edu-14b-autumn-2024',
    ]);
    expect(competitions[0]).toMatchObject({
      id: 5,
      judges: [4],
      shares: [{ subnet: 'pretraining', fromBlock: 4_453_709, untilBlock: 4_732_978, share: 0.4 }],
      credentials: [
        { variables: ['HF_TOKEN'], found: null },
        { variables: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], found: null },
      ],
    });
  });

  it('shows which checks a model has to pass, with the parameters that are chosen', async () => {
    const { stdout } = await validator(['competitions', 'six-tasks', '--json'], { env: bare });
    const { competitions } = JSON.parse(stdout) as { competitions: CompetitionDescription[] };
    const [described] = competitions;
    if (!described) throw new Error('nothing is described');
    const checksOf = (entryChecks: CompetitionDescription['entryChecks']): string | undefined =>
      /^ +checks +(.*)$/m.exec(competitionsText([{ ...described, entryChecks }], paletteFor(false)))?.[1];
    expect(checksOf(described.entryChecks)).toBe('limits');
    expect(checksOf([{ rule: 'limits' }, { rule: 'near-copy', share: 0.8, distance: null }])).toBe(
      'limits, near-copy (share 0.8, distance null)',
    );
  });

  it('knows no other', async () => {
    const answer = await validator(['competitions', 'chess', '--json']);
    expect([answer.code, errorOf(answer).code]).toEqual([2, 'COMPETITION_UNKNOWN']);
  });
});
