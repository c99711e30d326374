import { Flags } from '@oclif/core';

const helpGroup = 'CHAIN';

/**
 * Flags that start scripts of the field's other software use. Which option of the configured implementation one of them
 * sets, the implementation's `settings` say; one that it does not name is refused.
 */
export const settingFlags = {
  network: Flags.string({ char: 'n', description: 'Short for --subtensor.network.', helpGroup }),
  'subtensor.network': Flags.string({ description: 'Network of the chain, by name or URL.', helpGroup }),
  'subtensor.chain_endpoint': Flags.string({
    description: 'URL of a node, several with commas between them; it wins over the name of a network.',
    helpGroup,
  }),
  'wallet.name': Flags.string({
    char: 'w',
    description: "Name of the wallet that holds the hotkey's file.",
    helpGroup,
  }),
  'wallet.hotkey': Flags.string({ char: 'H', description: 'Name of the hotkey in the wallet.', helpGroup }),
  'wallet.path': Flags.string({ description: 'Folder of the wallets.', helpGroup }),
};

/** Contract whose implementation they are for. */
export const SETTING_CONTRACT = 'chain';

/** Those that were given, as settings name them. */
export function settingFlagsIn(flags: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(settingFlags).flatMap((name) => {
      const value = flags[name];
      return typeof value === 'string' ? [[`--${name}`, value]] : [];
    }),
  );
}
