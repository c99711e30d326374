import { defineErrors } from '@assay/core/errors/define-errors';

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

export const subtensorErrors = defineErrors({
  NETWORK_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { network: string; known: readonly string[] }) => `${p.network} is neither a known network nor a URL.`,
    hint: (p: { known: readonly string[] }) =>
      `Name one of ${p.known.join(', ')}, or give an endpoint: --subtensor.chain_endpoint wss://HOST:PORT`,
  },
  ENDPOINTS_UNREACHABLE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { waitedMs: number; troubles: readonly string[] }) =>
      `No endpoint of the chain could be used within ${seconds(p.waitedMs)}: ${p.troubles.join('; ') || 'none has answered'}.`,
    hint: () => 'Check the network, or name another endpoint: --subtensor.chain_endpoint wss://HOST:PORT',
  },
  CALL_DEADLINE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { method: string; endpoint: string; ms: number }) =>
      `${p.endpoint} did not answer ${p.method} within ${seconds(p.ms)}.`,
    hint: () => 'It is tried again over a new connection. If it stays so, name another endpoint in chain.endpoints.',
  },
  ENDPOINT_LOST: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { endpoint: string; reason: string }) => `The connection to ${p.endpoint} is gone: ${p.reason}.`,
    hint: () => 'It is made again by itself. If it stays so, name another endpoint in chain.endpoints.',
  },
  ENDPOINT_GARBLED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { endpoint: string; reason: string }) =>
      `${p.endpoint} sent a frame that is not JSON-RPC: ${p.reason}.`,
    hint: () => 'Check that the endpoint is a Subtensor node and no web server; name another one in chain.endpoints.',
  },
  ANSWER_MALFORMED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { method: string; reason: string }) => `The answer to ${p.method} can't be used: ${p.reason}.`,
    hint: () => 'It is asked again. If it stays so, name another endpoint in chain.endpoints.',
  },
  CALL_REFUSED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { method: string; code: number; reason: string }) =>
      `The node refused ${p.method}: ${p.reason} (${p.code}).`,
    hint: () => 'Check that the node serves this method to you, or name another endpoint in chain.endpoints.',
  },
  CHAIN_STALLED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { sinceMs: number; endpoints: readonly string[] }) =>
      `No new block has come for ${seconds(p.sinceMs)} from ${p.endpoints.join(', ')}.`,
    hint: () => 'Look whether the chain itself stands still; if not, name another endpoint in chain.endpoints.',
  },
  GENESIS_DIFFERENT: {
    fault: 'config',
    retry: 'never',
    message: (p: { endpoint: string; found: string; wanted: string }) =>
      `${p.endpoint} belongs to another chain: its first block is ${p.found}, not ${p.wanted}.`,
    hint: () => 'Take this endpoint out of chain.endpoints, or name the network that it belongs to.',
  },
  STATE_DISCARDED: {
    fault: 'chain',
    retry: 'never',
    message: (p: { block: string }) => `The node no longer holds the state of block ${p.block}.`,
    hint: () => 'Ask a node that keeps all states: --network archive',
  },
  BLOCK_UNKNOWN: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { block: string }) => `The node knows no block ${p.block}.`,
    hint: () => 'Name a block that exists: validator chain status shows the newest.',
  },
  BLOCK_NOT_FINAL: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { block: number; final: number }) =>
      `Block ${p.block} is not final: the newest block that can't be undone is ${p.final}.`,
    hint: () => 'It is asked for again. A chain whose blocks do not become final stands still: ask its operators.',
  },
  SUBNET_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { netuid: number; chain: string }) => `There is no subnet ${p.netuid} on ${p.chain}.`,
    hint: () => 'Name another one: --netuid NUMBER',
  },
  MECHANISM_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { mechanism: number; netuid: number; count: number }) =>
      `Subnet ${p.netuid} has no mechanism ${p.mechanism}; it has ${p.count}.`,
    hint: (p: { count: number }) => `Set chain.mechanism to a number below ${p.count}.`,
  },
  RUNTIME_UNREADABLE: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { runtime: string; reason: string }) => `The rules of ${p.runtime} can't be read: ${p.reason}.`,
    hint: () => 'Update Assay: the chain may have changed in a way that this version does not know.',
  },
  HOTKEY_ADDRESS_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string }) => `chain.hotkey is ${p.hotkey}, which is no ss58 address of format 42.`,
    hint: () => 'Write the address as a wallet shows it, or name a wallet: --wallet.name NAME --wallet.hotkey NAME',
  },
  HOTKEY_DIFFERENT: {
    fault: 'config',
    retry: 'never',
    message: (p: { wanted: string; found: string }) =>
      `chain.hotkey is ${p.wanted}, and the configured key is that of ${p.found}.`,
    hint: () => 'Take chain.hotkey out of the config file, or name the wallet that it belongs to.',
  },
  CHAIN_CLOSED: {
    fault: 'validator',
    retry: 'never',
    message: () => 'The chain client has been closed.',
    hint: () => 'Make a new one. A command that calls a closed client is defective: please report it.',
  },
});
