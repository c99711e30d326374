export { walletErrors } from './errors.js';
export { fileSigner, type FileSignerDeps } from './file-signer.js';
export { coldkeyAddress, hotkeyAddress, type AddressDeps } from './hotkey-address.js';
export { PASSWORD_VARIABLE_PREFIX, passwordVariable } from './password.js';
export { WALLET_SETTINGS, type WalletSetting } from './settings.js';
export type { Signer } from './signer.js';
export { socketSigner, type SocketSignerDeps, type SocketSignerOptions } from './socket-signer.js';
export type { PasswordPrompt } from './terminal-prompt.js';
export { expandHome, WALLET_DEFAULTS, walletPaths, type WalletChoice, type WalletPaths } from './wallet-paths.js';
