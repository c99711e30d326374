import type { Setting } from '@assay/core/plugin/plugin';
import { WALLET_SETTINGS } from '@assay/lib-bittensor-wallet';

/** Where the command line of the field keeps its own defaults. */
const BTCLI = '~/.bittensor/config.yml';

/** The client's options under the names that Bittensor's SDK (10 and 11) and its command line give them. */
export const settings: readonly Setting[] = [
  {
    option: 'endpoints',
    flags: ['--subtensor.chain_endpoint'],
    variables: ['BT_SUBTENSOR_CHAIN_ENDPOINT', 'BT_CHAIN_ENDPOINT'],
    kind: 'list',
    insteadOf: ['network'],
  },
  {
    option: 'network',
    flags: ['--subtensor.network', '--network'],
    variables: ['BT_SUBTENSOR_NETWORK', 'BT_NETWORK'],
    files: [
      { path: BTCLI, key: 'network' },
      { path: BTCLI, key: 'chain' },
    ],
  },
  ...WALLET_SETTINGS.map(({ option, flags, variables, btcliKeys }): Setting => ({
    option,
    // The command line has the spelling of the SDK alone.
    flags: flags.slice(0, 1),
    variables,
    files: btcliKeys.map((key) => ({ path: BTCLI, key })),
    kind: option === 'wallet.path' ? 'path' : 'text',
  })),
];
