import { duelScheme } from '@assay/competition-duel/dist/commitment/duel.js';
import { challenge } from '@assay/competition-duel/dist/seed/challenge.js';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { ModelReference } from '@assay/core/contracts/model';
import type { SeededRound } from '@assay/core/contracts/seed-rule';
import { describe, expect, it } from 'vitest';

const COMMIT = 'c'.repeat(40);
const DIGEST = `sha256:${'d'.repeat(64)}`;
const HOTKEY = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';

const schemeWith = (parameters: object): CommitmentScheme => duelScheme.bind(duelScheme.parameters.parse(parameters));
const scheme = schemeWith({});

describe('a claim', () => {
  it.each<[text: string, reference: ModelReference]>([
    [`v4|team/model|hf:${COMMIT}|${HOTKEY}`, { namespace: 'team', name: 'model', revision: COMMIT }],
    [` v4| team/model\t|hf:${COMMIT} | ${HOTKEY}\n`, { namespace: 'team', name: 'model', revision: COMMIT }],
    [`v4|team/a/b/c|${DIGEST}|${HOTKEY}`, { source: 'oci', namespace: 'team/a/b', name: 'c', revision: DIGEST }],
    [`v4|0.a_-/Z|${DIGEST}|${HOTKEY.slice(1)}`, { source: 'oci', namespace: '0.a_-', name: 'Z', revision: DIGEST }],
    [`\x1c\x85v4|team/model|hf:${COMMIT}|${HOTKEY}\u2003`, { namespace: 'team', name: 'model', revision: COMMIT }],
    // Whose address it is does not count: the chain's key of the reveal does.
    [`v4|team/model|hf:${COMMIT}|${'1'.repeat(48)}`, { namespace: 'team', name: 'model', revision: COMMIT }],
  ])('reads %j', (text, reference) => {
    expect(scheme.parse(text)).toEqual({ reference, proof: reference.revision, competition: null });
  });

  it.each([
    '',
    'v4',
    `v4|team/model|hf:${COMMIT}`,
    `v4|team/model|hf:${COMMIT}|${HOTKEY}|`,
    `v3|team/model|hf:${COMMIT}|${HOTKEY}`,
    `V4|team/model|hf:${COMMIT}|${HOTKEY}`,
    `v4|team|hf:${COMMIT}|${HOTKEY}`,
    `v4|/model|hf:${COMMIT}|${HOTKEY}`,
    `v4|team/|hf:${COMMIT}|${HOTKEY}`,
    `v4|.team/model|hf:${COMMIT}|${HOTKEY}`,
    `v4|team/.model|hf:${COMMIT}|${HOTKEY}`,
    `v4|team/mödel|hf:${COMMIT}|${HOTKEY}`,
    `v4|team/mo del|hf:${COMMIT}|${HOTKEY}`,
    `v4|https://team/model|hf:${COMMIT}|${HOTKEY}`,
    `v4|team/model|${COMMIT}|${HOTKEY}`,
    `v4|team/model|hf:${COMMIT.toUpperCase()}|${HOTKEY}`,
    `v4|team/model|hf:${COMMIT}0|${HOTKEY}`,
    `v4|team/model|sha256:${COMMIT}|${HOTKEY}`,
    `v4|team/model|hf:${COMMIT}|`,
    `v4|team/model|hf:${COMMIT}|${HOTKEY.slice(2)}`,
    `v4|team/model|hf:${COMMIT}|${HOTKEY}1`,
    `v4|team/model|hf:${COMMIT}|0${HOTKEY.slice(1)}`,
    `\ufeffv4|team/model|hf:${COMMIT}|${HOTKEY}`,
    `v4|team/model|hf:${COMMIT}|${HOTKEY}\0`,
  ])('refuses %j as the fault of the miner', (text) => {
    expect(() => scheme.parse(text)).toThrow(expect.objectContaining({ code: 'DUEL_CLAIM_MALFORMED', fault: 'miner' }));
  });

  it('is read in milliseconds, however it is written', () => {
    const before = performance.now();
    for (const text of [`v4|${'a/'.repeat(500)}|`, `v4|a/${'-'.repeat(1000)}!|x|y`, ' '.repeat(1024), '|'.repeat(1024)])
      expect(() => scheme.parse(text)).toThrow();
    expect(performance.now() - before).toBeLessThan(100);
  });

  it('has another form where the subnet says so', () => {
    const other = schemeWith({ prefix: 'v7', author: false, fromBlock: 77 });
    expect(other.fromBlock).toBe(77);
    expect(other.parse(`v7|team/model|${DIGEST}`).reference.revision).toBe(DIGEST);
    for (const text of [`v4|team/model|${DIGEST}|${HOTKEY}`, `v7|team/model|${DIGEST}|${HOTKEY}`])
      expect(() => other.parse(text)).toThrow(expect.objectContaining({ code: 'DUEL_CLAIM_MALFORMED' }));
  });

  it('names repos of the registry of the subnet without it', () => {
    const other = schemeWith({ registry: 'registry.example:5000' });
    const reference = { source: 'oci', namespace: 'registry.example:5000/team', name: 'model', revision: DIGEST };
    const text = `v4|team/model|${DIGEST}|${HOTKEY}`;
    expect(other.parse(text).reference).toEqual(reference);
    expect(other.format({ reference, proof: DIGEST, competition: null }, HOTKEY)).toBe(text);
    const elsewhere = { ...reference, namespace: 'another.example/team' };
    expect(() => other.format({ reference: elsewhere, proof: DIGEST, competition: null }, HOTKEY)).toThrow(
      expect.objectContaining({ code: 'DUEL_CLAIM_UNWRITABLE' }),
    );
  });

  it.each<[places: string[], claim: string, place: string | null]>([
    [['hf'], `team/model|hf:${COMMIT}`, null],
    [['hf'], `evil.example/team/model|${DIGEST}`, 'oci:evil.example'],
    [['hf'], `hf/model|${DIGEST}`, 'oci:hf'],
    [['registry.example:5000'], `team/model|hf:${COMMIT}`, 'hf'],
    [['hf', 'ghcr.io'], `ghcr.io/team/model|${DIGEST}`, null],
    [['hf', 'ghcr.io'], `ghcr.io.evil.example/team/model|${DIGEST}`, 'oci:ghcr.io.evil.example'],
    [['hf', 'ghcr.io'], `GHCR.io/team/model|${DIGEST}`, 'oci:GHCR.io'],
  ])('may lie in %j only: %s', (places, claim, place) => {
    const read = (): unknown => schemeWith({ places }).parse(`v4|${claim}|${HOTKEY}`);
    if (place === null) expect(read).not.toThrow();
    else
      expect(read).toThrow(
        expect.objectContaining({ code: 'DUEL_PLACE_NOT_READ', fault: 'miner', payload: { place, places } }),
      );
  });

  it('is not written to a place where nobody reads', () => {
    const reference = { namespace: 'team', name: 'model', revision: COMMIT };
    const elsewhere = schemeWith({ places: ['ghcr.io'] });
    expect(() => elsewhere.format({ reference, proof: COMMIT, competition: null }, HOTKEY)).toThrow(
      expect.objectContaining({ code: 'DUEL_PLACE_NOT_READ' }),
    );
  });

  it('refuses to write a claim to a model that is in neither place', () => {
    const reference = { source: 's3', namespace: 'team', name: 'model', revision: COMMIT };
    expect(() => scheme.format({ reference, proof: COMMIT, competition: null }, HOTKEY)).toThrow(
      expect.objectContaining({ code: 'DUEL_CLAIM_UNWRITABLE' }),
    );
  });
});

describe('the seed of a challenge', () => {
  const rule = challenge.bind(challenge.parameters.parse({}));
  const HASH = `0x${'a'.repeat(64)}`;
  const round = (...contenders: SeededRound['contenders'][number][]): SeededRound => ({
    block: 900,
    contenders,
    incumbents: ['king', 'old king'],
    repetition: 1,
  });
  const king = { hotkey: 'king', block: 100 };
  const [first, second] = [
    { hotkey: 'first', block: 300 },
    { hotkey: 'second', block: 500 },
  ];

  it.each<[what: string, round: SeededRound, block: number]>([
    ['the challenger', round(king, first), 300],
    ['the challenger, also where it claimed before the king', round({ hotkey: 'first', block: 50 }, king), 50],
    ['the newest of several', round(king, first, second), 500],
    ['one that was king before', round({ hotkey: 'old king', block: 50 }, king), 50],
    ['the king where nobody challenges', round(king), 100],
    ['the round where nobody plays', round(), 900],
    ['the round where the claim is of a later one', round(king, { hotkey: 'first', block: 901 }), 900],
  ])('comes from the block of %s', (_what, given, block) => {
    expect(rule.blockOf(given)).toBe(block);
  });

  it('is another for each hotkey, number and round in a row', () => {
    const another = challenge.bind({ base: 7 });
    const seeds = [
      rule.seedOf(HASH, round(king, first)),
      rule.seedOf(HASH, round(king, second)),
      another.seedOf(HASH, round(king, first)),
      rule.seedOf(HASH, { ...round(king, first), repetition: 2 }),
      rule.seedOf(HASH, { ...round(king, first), repetition: 3 }),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
    // hashlib.blake2b(b'block_hash=0xaa...|hotkey=first|base_seed=3610', digest_size=8), and with |round=2 behind it.
    expect(seeds[0]).toBe(5972707347154221670n);
    expect(seeds[3]).toBe(14863798814702990137n);
  });
});
