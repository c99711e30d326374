import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConfigLayer } from '@assay/core/config/resolve';
import { settingLayers, withoutReplaced, type GivenNames } from '@assay/core/config/settings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settingFlags } from '../../cli/dist/setting-flags.js';
import { shownConfigValue } from '../../cli/dist/report/shown-values.js';
import { networkOf } from '../../plugins/subtensor/dist/networks.js';
import { settings } from '../../plugins/subtensor/dist/settings.js';
import { errorOf, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder, newWorld } from '../e2e/world.js';
import { configOf } from './fake-chain.js';

const shown = z.object({
  values: z.array(z.object({ path: z.string(), value: z.unknown(), origin: z.string(), source: z.string() })),
  withoutEffect: z.array(z.object({ path: z.string(), source: z.string(), by: z.string(), bySource: z.string() })),
});

/** A home folder with something in the place of btcli's config file. */
function homeOf(make: (file: string) => unknown): string {
  const home = newFolder();
  mkdirSync(join(home, '.bittensor'));
  make(join(home, '.bittensor', 'config.yml'));
  return home;
}

/** A home folder with the config file of btcli. */
const homeWith = (text: string): string =>
  homeOf((file) => {
    writeFileSync(file, text);
  });

const endless = (file: string): void => {
  symlinkSync('/dev/zero', file);
};

/** Nine lists of nine of the one before: 387 million elements. */
const ALIASES = Array.from('bcdefghij')
  .map(
    (name, index) =>
      `${name}: &${name} [${Array(9)
        .fill(`*${'abcdefghi'[index] ?? ''}`)
        .join()}]`,
  )
  .reduce((text, line) => `${text}\n${line}`, 'a: &a x');

const show = (
  options: Readonly<Record<string, unknown>>,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<Answer> =>
  validator(['config', 'show', '--json', '--config', configOf(options), ...flags], { env, ...(cwd && { cwd }) });

function chainOptions({ stdout }: Answer): Record<string, [value: unknown, source: string]> {
  const { values } = shown.parse(JSON.parse(stdout));
  return Object.fromEntries(
    values
      .filter(({ path, origin }) => path.startsWith('chain.') && path !== 'chain.use' && origin !== 'default')
      .map(({ path, value, origin, source }) => [
        path,
        [value, origin === 'file' && source.endsWith('.yaml') ? 'config' : source],
      ]),
  );
}

describe('options under the names of other software', () => {
  const BTCLI = 'network: test\nwallet_name: ours\nwallet_hotkey: null\nwallet_path: ~/keys\nuse_cache: true\n';

  it('rank flags, ASSAY_ variables, their variables, the config file, ~/.bittensor/config.yml', async () => {
    const HOME = homeWith(BTCLI);
    const steps: [flags: string[], env: Record<string, string>, options: object, expected: unknown[]][] = [
      [[], {}, {}, ['test', '~/.bittensor/config.yml (network)']],
      [[], {}, { network: 'finney' }, ['finney', 'config']],
      [[], { BT_NETWORK: 'local' }, { network: 'finney' }, ['local', 'BT_NETWORK']],
      [[], { BT_NETWORK: 'local', BT_SUBTENSOR_NETWORK: 'archive' }, {}, ['archive', 'BT_SUBTENSOR_NETWORK']],
      [[], { BT_NETWORK: 'local', ASSAY_CHAIN__NETWORK: 'mine' }, {}, ['mine', 'ASSAY_CHAIN__NETWORK']],
      [['--network', 'finney'], { ASSAY_CHAIN__NETWORK: 'mine' }, {}, ['finney', '--network']],
      [['-n', 'finney'], {}, {}, ['finney', '--network']],
      [['--subtensor.network=finney'], {}, {}, ['finney', '--subtensor.network']],
      [['--network', 'test'], { BT_NETWORK: '' }, {}, ['test', '--network']],
    ];
    for (const [flags, env, options, expected] of steps) {
      const answer = await show({ ...options }, flags, { HOME, ...env });
      expect(answer.code, answer.stderr).toBe(0);
      expect(chainOptions(answer)['chain.network']).toEqual(expected);
      expect(chainOptions(answer)['chain.wallet.name']).toEqual(['ours', '~/.bittensor/config.yml (wallet_name)']);
      expect(chainOptions(answer)).not.toHaveProperty(['chain.wallet.hotkey']);
    }
  });

  it('reach every option; a path starts where the shell stands', async () => {
    const cwd = newFolder();
    const flags = [
      '-w',
      'mine',
      '-H',
      'first',
      '--wallet.path',
      './wallets',
      '--subtensor.chain_endpoint',
      'ws://a:1, ws://b:2',
    ];
    expect(chainOptions(await show({}, flags, {}, cwd))).toEqual({
      'chain.endpoints': [['ws://a:1', 'ws://b:2'], '--subtensor.chain_endpoint'],
      'chain.wallet.name': ['mine', '--wallet.name'],
      'chain.wallet.hotkey': ['first', '--wallet.hotkey'],
      'chain.wallet.path': [resolve(cwd, 'wallets'), '--wallet.path'],
    });
    const env = { BT_WALLET: 'mine', BT_WALLET_HOTKEY: 'first', BT_WALLET_PATH: '/w', BT_CHAIN_ENDPOINT: 'ws://c:3' };
    expect(chainOptions(await show({}, [], env))).toEqual({
      'chain.endpoints': [['ws://c:3'], 'BT_CHAIN_ENDPOINT'],
      'chain.wallet.name': ['mine', 'BT_WALLET'],
      'chain.wallet.hotkey': ['first', 'BT_WALLET_HOTKEY'],
      'chain.wallet.path': ['/w', 'BT_WALLET_PATH'],
    });
  });

  it('an endpoint takes the place of a network, unless the network is named in a stronger place; both are told', async () => {
    const won = await show({ network: 'finney' }, [], { BT_CHAIN_ENDPOINT: 'ws://user:word@c:3/?key=secret' });
    expect(chainOptions(won)).toEqual({ 'chain.endpoints': [['ws://[user]@c:3/?[query]'], 'BT_CHAIN_ENDPOINT'] });
    expect(shown.parse(JSON.parse(won.stdout)).withoutEffect).toMatchObject([
      { path: 'chain.network', by: 'chain.endpoints', bySource: 'BT_CHAIN_ENDPOINT' },
    ]);
    const lost = await show({ endpoints: ['ws://c:3'] }, ['--network', 'test']);
    expect(chainOptions(lost)).toEqual({ 'chain.network': ['test', '--network'] });
    const same = await show({}, ['--network', 'test', '--subtensor.chain_endpoint', 'ws://c:3']);
    expect(chainOptions(same)).toEqual({ 'chain.endpoints': [['ws://c:3'], '--subtensor.chain_endpoint'] });
    const config = configOf({ network: 'finney' });
    const told = await validator(
      ['chain', 'status', '--config', config, '--subtensor.chain_endpoint', 'ws://c:3', '--log-level', 'info'],
      {},
    );
    expect(told.stdout).toContain('fake {"endpoints":["ws://c:3"],"readOnly":false}');
    expect(told.stderr).toMatch(/an option has no effect.*|chain\.network/);
    expect(told.stderr).toContain('"bySource":"--subtensor.chain_endpoint"');
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['two flags of one option that differ', ['--network', 'a', '--subtensor.network', 'b'], {}, 'SETTING_CONFLICT'],
    ['a file that is no YAML', [], { HOME: homeWith('network: [') }, 'SETTING_FILE_MALFORMED'],
    ['a file that is a list', [], { HOME: homeWith('- network') }, 'SETTING_FILE_MALFORMED'],
    ['a file with a mapping for a text', [], { HOME: homeWith('network: { a: 1 }') }, 'SETTING_FILE_MALFORMED'],
    ['a path without a value', ['--wallet.path', ''], {}, 'SETTING_EMPTY'],
    ['a name of blanks', ['--wallet.name', ' '], {}, 'SETTING_EMPTY'],
    ['a network without a value', ['--network', ''], {}, 'SETTING_EMPTY'],
    ['an endpoint without a value', ['--network', 'a', '--subtensor.chain_endpoint', ''], {}, 'SETTING_EMPTY'],
    ['a list of nothing', [], { BT_CHAIN_ENDPOINT: ' , ' }, 'SETTING_EMPTY'],
    ['a folder for a file', [], { HOME: homeOf(mkdirSync) }, 'SETTING_FILE_MALFORMED'],
    ['a pipe', [], { HOME: homeOf((file) => execFileSync('mkfifo', [file])) }, 'SETTING_FILE_MALFORMED'],
    ['a device without an end', [], { HOME: homeOf(endless) }, 'SETTING_FILE_MALFORMED'],
    ['a huge file', [], { HOME: homeWith(`network: finney\n${'#'.repeat(65_536)}`) }, 'SETTING_FILE_MALFORMED'],
    ['a file of aliases', [], { HOME: homeWith(ALIASES) }, 'SETTING_FILE_MALFORMED'],
    ['a deep file', [], { HOME: homeWith(`network: ${'['.repeat(60_000)}`) }, 'SETTING_FILE_MALFORMED'],
  ])('%s is refused', async (_what, flags, env, code) => {
    const answer = await show({}, flags, env);
    expect([answer.code, errorOf(answer).code]).toEqual([2, code]);
  });
});

describe('what is shown of a URL', () => {
  it.each([
    ['wss://user:word@h:1/p?key=word#word', 'wss://[user]@h:1/p?[query]#[fragment]'],
    ['wss://user:w@word@h', 'wss://[user]@h/'],
    ['wss:user:word@h', 'wss://[user]@h/'],
    ['wss:/user:word@h', 'wss://[user]@h/'],
    ['wss:\\\\user:word@h', 'wss://[user]@h/'],
    ['wss://h?a=1 word', 'wss://h/?[query]'],
    ['wws://user:w/word@h:x', 'wws://[user]@h:x'],
    ['wws://user:word@h?word 2', 'wws://[user]@h?[query]'],
    ['user:word@h', 'user:[user]@h'],
    ['wss://h:1/p', 'wss://h:1/p'],
    ['../@assay/fake', '../@assay/fake'],
  ])('%s is %s', (value, expected) => {
    expect(shownConfigValue({ path: 'chain.network', value, origin: 'flag', source: '' }).value).toBe(expected);
  });

  it.each(['wws://user:word@h/?key=word', 'user:word@h', 'wss://user:word@h:port?word'])(
    '%s is no secret of an error',
    (network) => {
      const error = (() => {
        try {
          return networkOf({ network });
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toMatchObject({ code: 'NETWORK_UNKNOWN', message: expect.not.stringContaining('word') as string });
    },
  );
});

describe('a flag that the configured chain does not know', () => {
  const flags = Object.keys(settingFlags).map((name) => `--${name}`);

  it.each(flags)('%s is refused, by every command that reads the config', async (flag) => {
    const { config } = newWorld();
    const commands =
      flag === '--network' ? ['run --once', 'chain status', 'config show', 'journal ls'] : ['run --once'];
    for (const command of commands) {
      const answer = await validator([...command.split(' '), '--config', config, '--json', flag, 'finney']);
      expect([answer.code, errorOf(answer).code]).toEqual([2, 'SETTING_UNKNOWN']);
      expect(errorOf(answer).message).toContain(`${flag} sets nothing here: the configured chain is local-chain`);
    }
  });

  it('a variable of it has no effect: other software on the machine may need it', async () => {
    const { config } = newWorld();
    const answer = await validator(['config', 'show', '--config', config], { env: { BT_NETWORK: 'finney' } });
    expect(answer.code).toBe(0);
    expect(answer.stdout).not.toContain('finney');
  });

  it('is one that the command line has', () => {
    const named = settings.flatMap(({ flags: names = [] }) => names);
    expect([...named].sort()).toEqual([...flags].sort());
  });
});

describe('the default subnet', () => {
  it.each([['run'], ['model', 'push', '.', '--repo', 'me/mine', '--competition', 'demo-docs']])(
    'is judged on the default chain only: %s',
    async (...command) => {
      const answer = await validator([...command, '--config', configOf(), '--json']);
      expect([answer.code, errorOf(answer).code]).toEqual([2, 'SUBNET_UNNAMED']);
    },
  );
});

describe('withoutReplaced', () => {
  const chosen = [{ contract: 'chain', settings }];
  const layer = (origin: ConfigLayer['origin'], chain: object): ConfigLayer => ({
    origin,
    source: origin,
    values: { chain },
  });
  const origins = ['flag', 'environment', 'file', 'default'] as const;

  it('leaves at most one of an endpoint and a network: that of the strongest layer, the endpoint within one', () => {
    const some = fc.record({ network: fc.boolean(), endpoints: fc.boolean() });
    fc.assert(
      fc.property(fc.array(some, { minLength: 4, maxLength: 4 }), (given) => {
        const layers = given.map(({ network, endpoints }, index) =>
          layer(origins[index] ?? 'default', {
            ...(network && { network: 'n' }),
            ...(endpoints && { endpoints: ['e'] }),
          }),
        );
        const { layers: left, givenUp } = withoutReplaced(layers, chosen);
        const first = given.findIndex(({ network, endpoints }) => network || endpoints);
        const winner = given[first]?.endpoints === true ? 'endpoints' : 'network';
        const kept = new Set(left.flatMap(({ values }) => Object.keys(values['chain'] as object)));
        expect([...kept]).toEqual(first < 0 ? [] : [winner]);
        const both = given.some(({ network }) => network) && given.some(({ endpoints }) => endpoints);
        expect(givenUp.map(({ by }) => by)).toEqual(both ? [`chain.${winner}`] : []);
      }),
    );
  });

  it('changes nothing that no setting speaks of', () => {
    const layers = [layer('flag', { hotkey: 'a' }), layer('file', { network: 'n', wallet: { name: 'b' } })];
    expect(withoutReplaced(layers, chosen)).toEqual({ layers, givenUp: [] });
  });
});

describe('settingLayers', () => {
  const given: GivenNames = { flags: {}, variables: {}, files: {}, fromHere: (path) => path };

  it('are empty where nothing is given', () => {
    const layers = Object.values(settingLayers([{ contract: 'chain', settings }], given));
    expect(layers.map(({ values }) => values)).toEqual([{}, {}, {}]);
  });
});
