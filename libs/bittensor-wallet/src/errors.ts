import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

const KEYS_PAGE = 'docs/run/keys.md';

const fileErrors = {
  WALLET_NAME_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { option: 'name' | 'hotkey' | 'path'; name: string }) =>
      `--wallet.${p.option} is ${JSON.stringify(printable(p.name, 100))}, and that can't be the name of a wallet's file or folder.`,
    hint: (p: { option: 'name' | 'hotkey' | 'path' }) =>
      p.option === 'path'
        ? 'Set --wallet.path to the folder that holds the wallets.'
        : `Set --wallet.${p.option} to a plain name of at most 200 bytes without / \\ and .., and --wallet.path to the folder above.`,
  },
  HOTKEY_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string }) => `There is no hotkey at ${p.path}.`,
    hint: () =>
      'Check --wallet.path, --wallet.name and --wallet.hotkey, or copy the file there; the coldkey is not needed.',
  },
  KEYFILE_LINK: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string }) => `${p.path} is a symbolic link, and keys are read from the file itself only.`,
    hint: () =>
      `Put the file itself there, or point --wallet.path at its folder. In Kubernetes mount the key of the secret by subPath (${KEYS_PAGE}).`,
  },
  KEYFILE_NOT_A_FILE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; kind: string }) => `${p.path} is a ${p.kind}, not a file.`,
    hint: () => 'Check --wallet.path, --wallet.name and --wallet.hotkey: together they name the file of one hotkey.',
  },
  KEYFILE_TOO_LARGE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; limitBytes: number }) =>
      `${p.path} has more than ${p.limitBytes} bytes, and no keyfile does.`,
    hint: () => 'Check that --wallet.hotkey names a keyfile that btcli wrote.',
  },
  KEYFILE_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `${p.path} can't be read: ${p.reason}.`,
    hint: () => 'Run the validator as the user who owns the file: chown it to that user, and chmod 600.',
  },
  KEYFILE_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `${p.path} is no keyfile of a Bittensor wallet: ${p.reason}.`,
    hint: () => 'Make the file again from its phrase with `btcli wallet regen-hotkey`, or restore a copy of it.',
  },
  KEYFILE_KEY_TYPE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; type: string }) =>
      `${p.path} holds a key of type ${printable(p.type, 20)}, and validators sign with sr25519 (type 1) only.`,
    hint: () => 'Use a hotkey of the usual type: `btcli wallet new-hotkey` makes one.',
  },
  KEYFILE_CONTRADICTORY: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; parts: string[] }) =>
      `${p.path} contradicts itself: ${p.parts.join(' and ')} are of different keys.`,
    hint: () =>
      'Restore the file from a backup, or make it again with `btcli wallet regen-hotkey`. Do not guess which part is right.',
  },
  KEYFILE_WITHOUT_KEY: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; address: string }) =>
      `${p.path} holds the address ${p.address} alone, and nothing can be signed with it.`,
    hint: () => 'Copy the whole hotkey file here, name an external signer, or run with --read-only.',
  },
  KEYFILE_ENCRYPTION_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; format: string }) =>
      `${p.path} is encrypted in a form that is not known here: ${printable(p.format, 40)}.`,
    hint: () => 'Make the file again with the current btcli: `btcli wallet regen-hotkey` writes plain or $NACL files.',
  },
  KEYFILE_DECRYPTION_FAILED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `${p.path} could not be decrypted: ${p.reason}.`,
    hint: () => 'Make sure that 600 MiB of memory are free while the validator starts: the format asks for 512 MiB.',
  },
  HOTKEY_ADDRESS_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; publicPath: string }) =>
      `The address of the hotkey is not known: ${p.path} does not show it, and ${p.publicPath} is missing.`,
    hint: () => 'Copy the file *pub.txt of the hotkey beside it, or make it with `btcli wallet regen-hotkeypub`.',
  },
  COLDKEY_ADDRESS_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string }) => `The address of the coldkey is not known: ${p.path} is missing or shows none.`,
    hint: () => 'Copy coldkeypub.txt of the wallet there, and leave the coldkey where it is.',
  },
} as const;

const passwordErrors = {
  WALLET_PASSWORD_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; variable: string }) =>
      `${p.path} is encrypted, there is no terminal to ask for the password, and ${p.variable} is not set.`,
    hint: (p: { variable: string }) =>
      `Set ${p.variable} in the environment of the service; ${KEYS_PAGE} shows how its value is made.`,
  },
  WALLET_PASSWORD_VALUE_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { variable: string }) => `The value of ${p.variable} is not base64.`,
    hint: (p: { variable: string }) =>
      `Set ${p.variable} to the base64 of the password XOR the variable's own name, not to the password; ${KEYS_PAGE} shows how.`,
  },
  WALLET_PASSWORD_WRONG: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; variable: string }) => `The password does not open ${p.path}, or the file is damaged.`,
    hint: (p: { variable: string }) =>
      `Check the password and, where it is set, ${p.variable}: its value is made of its own name, so that it fits no other path.`,
  },
} as const;

const signerErrors = {
  SIGNER_CLOSED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { address: string }) => `The signer of ${p.address} is closed.`,
    hint: () => 'Start the validator again; this is a defect when it is seen in a run.',
  },
  KEY_THREAD_ENDED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { reason: string }) => `The thread that holds the hotkey has ended: ${printable(p.reason, 200)}.`,
    hint: () => 'Start the validator again, and look at the memory of the machine.',
  },
  SIGNER_SOCKET_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) =>
      `The socket of the signer at ${p.path} is not used: it ${p.reason}.`,
    hint: () =>
      'Let the signer make its socket with mode 0600, owned by the user of the validator (docs/build/signer-protocol.md).',
  },
  SIGNER_UNREACHABLE: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { path: string; reason: string }) => `The signer at ${p.path} can't be reached: ${p.reason}.`,
    hint: () => 'Start the signer, and check that it listens at this path.',
  },
  SIGNER_SILENT: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { path: string; request: string; seconds: number }) =>
      `The signer at ${p.path} has not answered ${p.request} within ${p.seconds} s.`,
    hint: () => "Look at the signer's log: it may wait for somebody to confirm, or hang.",
  },
  SIGNER_DISCONNECTED: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { path: string }) => `The signer at ${p.path} closed the connection before it answered.`,
    hint: () => "Look at the signer's log; the next request connects again.",
  },
  SIGNER_ANSWER_INVALID: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { path: string; reason: string }) => `The signer at ${p.path} breaks the protocol: ${p.reason}.`,
    hint: () => 'Check that a signer of protocol version 1 listens there (docs/build/signer-protocol.md).',
  },
  SIGNER_REFUSED: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { path: string; reason: string }) =>
      `The signer at ${p.path} refuses to sign: ${printable(p.reason, 200)}.`,
    hint: () => "Change the signer's own rules where this is to be signed.",
  },
  SIGNER_SIGNATURE_WRONG: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; address: string }) =>
      `The signer at ${p.path} answered with a signature that is not one of ${p.address} over the message.`,
    hint: () => 'Stop and look who listens at this path: a signer of another key, or another version, does.',
  },
  SIGNER_ADDRESS_DIFFERS: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; expected: string; answered: string }) =>
      `The signer at ${p.path} signs for ${p.answered}, not for ${p.expected}.`,
    hint: () => 'Let the signer use the wallet that the validator is registered with, and start the validator again.',
  },
  SIGNER_MESSAGE_TOO_LONG: {
    fault: 'validator',
    retry: 'never',
    message: (p: { bytes: number; limitBytes: number }) =>
      `A message of ${p.bytes} bytes is too long to sign; ${p.limitBytes} are the limit.`,
    hint: () => 'Report this as a defect: a payload of more than 256 bytes is signed by its hash.',
  },
} as const;

export const walletErrors = defineErrors({ ...fileErrors, ...passwordErrors, ...signerErrors });
