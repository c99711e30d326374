import type { Setting } from '@assay/core/plugin/plugin';

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
    files: [{ path: BTCLI, key: 'network' }],
  },
  {
    option: 'wallet.name',
    flags: ['--wallet.name'],
    variables: ['BT_WALLET_NAME', 'BT_WALLET'],
    files: [{ path: BTCLI, key: 'wallet_name' }],
  },
  {
    option: 'wallet.hotkey',
    flags: ['--wallet.hotkey'],
    variables: ['BT_WALLET_HOTKEY'],
    files: [{ path: BTCLI, key: 'wallet_hotkey' }],
  },
  {
    option: 'wallet.path',
    flags: ['--wallet.path'],
    variables: ['BT_WALLET_PATH'],
    files: [{ path: BTCLI, key: 'wallet_path' }],
    kind: 'path',
  },
];
