/** One value of a wallet, and every spelling under which operators of Bittensor's own tools know it. */
export interface WalletSetting {
  option: 'wallet.name' | 'wallet.hotkey' | 'wallet.path';
  /** The first is that of the SDK; the others are btcli's. */
  flags: readonly string[];
  /** An earlier one wins over a later one. */
  variables: readonly string[];
  /** Keys of `~/.bittensor/config.yml`; an earlier one wins over a later one. */
  btcliKeys: readonly string[];
}

/**
 * Spellings of the SDK 10 (`BT_WALLET_NAME`, `--wallet.name`), of btcli 9 (`wallet_name`) and of the SDK 11 with its own btcli
 * (`BT_WALLET`, `--wallet`, key `wallet`).
 */
export const WALLET_SETTINGS: readonly WalletSetting[] = [
  {
    option: 'wallet.name',
    flags: ['--wallet.name', '--wallet-name', '--wallet_name', '--wallet', '-w'],
    variables: ['BT_WALLET_NAME', 'BT_WALLET'],
    btcliKeys: ['wallet_name', 'wallet'],
  },
  {
    option: 'wallet.hotkey',
    flags: ['--wallet.hotkey', '--wallet-hotkey', '--wallet_hotkey', '--hotkey', '-H'],
    variables: ['BT_WALLET_HOTKEY'],
    btcliKeys: ['wallet_hotkey'],
  },
  {
    option: 'wallet.path',
    flags: ['--wallet.path', '--wallet-path', '--wallet_path'],
    variables: ['BT_WALLET_PATH'],
    btcliKeys: ['wallet_path'],
  },
];
