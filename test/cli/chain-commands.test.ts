import { dirname, join } from 'node:path';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { put } from '@assay/core/runtime/derived-rows';
import { openJournal } from '@assay/plugin-libsql-journal';
import { LocalNetwork, type GenesisInput } from '@assay/plugin-local-chain';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validator, errorOf, type Answer } from '../e2e/validator-process.js';
import { newWorld } from '../e2e/world.js';
import { configOf } from './fake-chain.js';

const chain = (command: string, options: Readonly<Record<string, unknown>>, ...flags: string[]): Promise<Answer> =>
  validator(['chain', command, '--config', configOf(options), ...flags]);

/** Control characters but for the ends of lines. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

function json({ stdout }: Answer): unknown {
  return JSON.parse(stdout);
}

describe('validator chain status', () => {
  it('shows what an operator is judged by, with units', async () => {
    const { code, stdout } = await chain('status', {});
    expect(code, stdout).toBe(0);
    for (const line of [
      /^endpoint +ws:\/\/one\.example$/m,
      /^runtime +node-fake 425$/m,
      /^netuid +9, mechanism 0, consensus yuma$/m,
      /^block +10000, the newest 7 s ago$/m,
      /^uid +0, registered at block 100$/m,
      /^validator permit +yes$/m,
      /^stake +1234\.567 TAO, setting weights takes 1000\.000 TAO$/m,
      /^vtrust +0\.87500$/m,
      /^dividends +0\.25000$/m,
      /^incentive +0\.00000$/m,
      /^weights +at block 9900, 100 blocks ago$/m,
      /^next epoch +block 10100, in 100 blocks, about 20 minutes$/m,
      /^commit-reveal +on, revealed after 1 epochs$/m,
      /ws:\/\/two\.example +9000 +it is 1000 blocks behind/m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).not.toMatch(CONTROL);
    expect(stdout).not.toContain('Not well');
  });

  it('has the same facts in JSON', async () => {
    const answer = await chain('status', {}, '--json');
    expect(json(answer)).toMatchObject({
      endpoint: 'ws://one.example',
      block: 10_000,
      uid: 0,
      stake: '1234567890123',
      stakeTao: 1234.567890123,
      stakeThresholdTao: 1000,
      validatorTrust: 0.875,
      blocksSinceWeights: 100,
      blocksUntilWeights: 0,
      weightsOverdue: false,
      blocksToEpoch: 100,
      minutesToEpoch: 20,
      well: true,
      trouble: [],
    });
  });

  it.each<[what: string, options: Record<string, unknown>, code: number, said: RegExp]>([
    ['not registered', { identity: '5Stranger' }, 1, /not registered on netuid 9/],
    ['no permit', { neuron: { validatorPermit: false } }, 1, /no validator permit/],
    ['too little stake', { neuron: { stake: '999999999999' } }, 1, /stake of 999\.999 TAO is below the 1000\.000 TAO/],
    ['the owner needs neither', { neuron: { validatorPermit: false, stake: '1' }, ownerHotkey: '5Hotkey0' }, 0, /uid/],
    ['old weights', { neuron: { lastUpdate: 8_919 } }, 4, /^ALARM: No weights for 1081 blocks, .* 3 tempos of 360/],
    ['weights of three tempos', { neuron: { lastUpdate: 8_920 } }, 0, /1080 blocks ago$/m],
    ['old weights and no permit', { neuron: { lastUpdate: 8_919, validatorPermit: false } }, 4, /^ALARM: No weights/],
    ['no weights ever', { neuron: { lastUpdate: 0 } }, 4, /never, 9900 blocks since the registration, overdue/],
    ['no weights since a late registration', { neuron: { lastUpdate: 9_900, registeredAt: 9_900 } }, 0, /never, 100/],
    ['no weights yet', { neuron: { lastUpdate: 0, registeredAt: 9_900 } }, 0, /never, 100 blocks since/],
    ['young weights', { neuron: { lastUpdate: 9_901 } }, 0, /99 blocks ago; the rate limit opens in 1 blocks/],
    ['a subnet that takes none', { neuron: { lastUpdate: 1 }, parameters: { consensus: 'null' } }, 0, /consensus null/],
    ['a subnet without epochs', { neuron: { lastUpdate: 1 }, parameters: { tempo: 0 } }, 0, /tempo +0 blocks/],
    ['next to no stake', { neuron: { stake: '5000' } }, 1, /stake of 0\.000005000 TAO is below the 1000\.000 TAO/],
    ['a stalled endpoint', { connection: { sinceHeadMs: 60_001 } }, 1, /stalled: no new block for 60 s/],
    ['an endpoint at its limit', { connection: { sinceHeadMs: 60_000 } }, 0, /60 s ago/],
    ['no endpoint', { connection: { endpoints: [] } }, 1, /No endpoint is in use/],
    ['no connection', { connection: null }, 0, /^block +10000$/m],
    ['no wallet', { identity: 'none' }, 0, /hotkey +none, so nothing .*WALLET_MISSING/],
    ['a signer that is gone', { identity: 'broken' }, 1, /^$/],
  ])('%s', async (_what, options, code, said) => {
    const answer = await chain('status', options);
    expect([answer.code, answer.stderr.split(':')[0]]).toEqual([
      code,
      options['identity'] === 'broken' ? 'SIGNER_GONE' : '',
    ]);
    expect(answer.stdout).toMatch(said);
    expect(answer.stdout.includes('Not well')).toBe(code !== 0 && answer.stdout !== '');
    expect(answer.stdout.startsWith('ALARM')).toBe(code === 4);
  });

  it.each<[what: string, options: Record<string, unknown>, said: RegExp, facts: object]>([
    ['commits', {}, /yes, committed and revealed after 1 epochs$/m, { canSetWeights: true, weightsMode: 'committed' }],
    ['sets', { parameters: { commitRevealEnabled: false } }, /yes$/m, { canSetWeights: true, weightsMode: 'set' }],
    [
      'waits for the rate limit',
      { neuron: { lastUpdate: 9_950 } },
      /no\. The rate limit opens at block 10050\.$/m,
      { canSetWeights: false, rateLimitOpensAt: 10_050 },
    ],
    [
      'lacks permit and stake',
      { neuron: { validatorPermit: false, stake: '1' } },
      /no\. The hotkey has no validator permit\. Permits go to the highest stakes at each epoch\. The stake of .* is below/,
      { canSetWeights: false, whyNot: { length: 2 } },
    ],
    [
      'is not registered',
      { identity: '5Stranger' },
      /^hotkey +5Stranger$/m,
      {
        canSetWeights: false,
        whyNot: ['The hotkey is not registered on netuid 9. Register it, or name another netuid or wallet.'],
      },
    ],
    [
      'is on a subnet that takes none',
      { parameters: { consensus: 'null' } },
      /no\. The consensus of the subnet is null: it takes no weights\.$/m,
      { canSetWeights: false },
    ],
    ['has no hotkey', { identity: 'none' }, /^hotkey +none/m, { canSetWeights: null, whyNot: [] }],
  ])('says whether weights could be set now, by one that %s', async (_what, options, said, facts) => {
    const [text, document] = await Promise.all([chain('status', options), chain('status', options, '--json')]);
    expect(text.stdout).toMatch(said);
    expect(json(document)).toMatchObject(facts);
  });

  it('shows what the data folder knows: open commits, a lost answer, another validator', async () => {
    const config = configOf({ neuron: { lastUpdate: 9_950 } });
    const journal = openJournal({ folder: join(dirname(config), 'data'), mode: 'write' });
    const known = { hotkey: '5Hotkey0', uid: 0, registeredAt: 100, since: 9_000, lastUpdate: 9_950, ours: [] };
    const reveal = { block: 10_100, by: 'chain' } as const;
    const intent = { block: 9_990, lastUpdate: 9_900, uids: [4], weights: [65_535], round: 1, ticket: 1 };
    await new ValidatorState(journal).write(
      put.ownUpdate(known),
      put.weightCommit(9_950, { ticket: 0, block: 9_950, reveal, waitsFor: 'The pulse is missing.' }),
      put.weightsIntent(intent),
      put.doppelganger({ lastUpdate: 9_950, expected: 9_900 }),
    );
    await journal.close();
    const [text, document] = await Promise.all(
      [[], ['--json']].map((flags) => validator(['chain', 'status', '--config', config, ...flags])),
    );
    expect([text?.code, document?.code]).toEqual([5, 5]);
    expect(text?.stdout).toMatch(/^ALARM: Another validator has set weights .* block 9950.*--i-am-the-only-one/);
    expect(text?.stdout).toMatch(
      /^committed weights +of block 9950, the chain reveals them at block 10100 or later\. The pulse is missing\.$/m,
    );
    expect(JSON.parse(document?.stdout ?? '')).toMatchObject({
      openCommits: [{ block: 9_950, reveal }],
      whyNot: [/rate limit/, /may still land/, /Another validator/].map(
        (part) => expect.stringMatching(part) as string,
      ),
    });
  });
});

describe('validator chain metagraph', () => {
  it('marks the own row and sorts', async () => {
    const answer = await chain('metagraph', {}, '--sort', 'stake');
    const rows = answer.stdout.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => /5Hotkey(\d)/.exec(row)?.[1])).toEqual(['1', '2', '3', '0', '4', '5']);
    expect(rows.filter((row) => row.startsWith('*'))).toHaveLength(1);
    expect(rows[3]).toMatch(/^\* +0 +5Hotkey0 +1234\.567 TAO +yes +0\.00000 +0\.87500 +0\.25000 +100 blocks ago +100/);
    expect(rows[4]).toMatch(/never +9000/);
  });

  it('looks at an earlier block, and without a wallet', async () => {
    const answer = await chain('metagraph', { identity: 'none' }, '--at', '5000', '--json');
    expect(answer.code).toBe(0);
    expect(json(answer)).toMatchObject({
      at: { number: 5_000, hash: expect.stringMatching(/1388$/) as string },
      own: null,
    });
    expect(answer.stdout).toContain('WALLET_MISSING');
  });

  it('refuses an order that it does not know', async () => {
    expect((await chain('metagraph', {}, '--sort', 'luck')).code).toBe(2);
  });
});

describe('validator chain commitments', () => {
  it('shows texts, revealed ones and unreadable ones, and marks those before the registration', async () => {
    const { stdout } = await chain('commitments', {});
    const rows = stdout.trimEnd().split('\n').slice(1);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^ *5 +700 +text +plain.\[31m text/);
    expect(rows[1]).toMatch(/^ *4 +800 +text +before its registration +of an earlier neuron/);
    expect(rows[2]).toMatch(/^ *5 +900 +revealed +opened/);
    expect(rows[3]).toMatch(/^ *4 +9500 +timelocked +opens at round 77/);
    expect(stdout).not.toMatch(CONTROL);
  });

  it('has the same facts in JSON, without characters that a terminal obeys', async () => {
    const answer = await chain('commitments', {}, '--json');
    expect(answer.stdout).not.toMatch(CONTROL);
    expect(answer.stdout).not.toContain('\u202e');
    expect(json(answer)).toMatchObject({
      commitments: [
        { uid: 5, data: 'plain\u001b[31m text\u009b2J\u202etxet' },
        { uid: 4, beforeRegistration: true },
      ],
      revealed: [{ uid: 5, data: 'opened', beforeRegistration: false }],
      unreadable: [{ uid: 4, kind: 'timelocked' }],
    });
  });
});

describe('validator chain weights', () => {
  it('shows the distance of our weights from the others, and the uids that make it', async () => {
    const { stdout } = await chain('weights', {});
    expect(stdout).toMatch(/Distance from the weights of uid 0\./);
    expect(stdout).toMatch(/L1 distance of rows normalised to a sum of 1/);
    expect(stdout).toMatch(/^1 +5000\.000 TAO +0\.5000 +4: \+25\.00 %, 5: -25\.00 %/m);
    expect(stdout).toMatch(/^2 +2000\.000 TAO +1\.5000 +stale: older than the activity cutoff/m);
    expect(stdout).toMatch(/^3 +1500\.000 TAO +no weights/m);
    expect(stdout).toMatch(/^consensus +0\.5000/m);
  });

  it('has the same facts in JSON', async () => {
    expect(json(await chain('weights', {}, '--json'))).toMatchObject({
      own: 0,
      consensus: { distance: 0.5, shares: [{ uid: 4, share: 1 }] },
      validators: [
        { uid: 0, own: true, distance: null },
        { uid: 1, distance: 0.5, largest: [{ uid: 4, ours: 0.75, theirs: 1 }, { uid: 5 }], note: null },
        { uid: 2, distance: 1.5, note: 'stale' },
        { uid: 3, distance: null, note: 'empty' },
      ],
    });
  });

  it.each([
    ['none', /No hotkey of one's own/],
    ['5Stranger', /not registered/],
    ['5Hotkey3', /Uid 3 has no weights/],
  ])('says why there is no distance for %s', async (identity, said) => {
    const { code, stdout } = await chain('weights', { identity });
    expect(code).toBe(0);
    expect(stdout).toMatch(said);
  });
});

describe('on the embedded network', () => {
  it('every command works, also at an earlier block, and json has what the text has', async () => {
    const world = newWorld();
    const file = join(world.folder, 'network', 'chain.db');
    const genesis = readFileSync(join(world.folder, 'network', 'genesis.json'), 'utf8');
    (await LocalNetwork.create(file, JSON.parse(genesis) as GenesisInput)).close();
    for (const command of ['status', 'metagraph', 'commitments', 'weights']) {
      const [text, document, unknown] = await Promise.all([
        validator(['chain', command, '--config', world.config]),
        validator(['chain', command, '--config', world.config, '--json']),
        validator(['chain', command, '--config', world.config, '--at', '4000000000', '--json']),
      ]);
      // Nobody has set weights on this network yet, and nothing says since when they are missing.
      expect([text.code, document.code]).toEqual([0, 0]);
      expect(text.stdout.length).toBeGreaterThan(10);
      expect(json(document)).toMatchObject({ netuid: expect.any(Number) as number });
      expect([unknown.code, errorOf(unknown).code]).toEqual([1, 'BLOCK_UNKNOWN']);
    }
  });
});
