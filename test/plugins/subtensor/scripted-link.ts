import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import type { LogLevel } from '@assay/core/contracts/logger';
import { SubtensorClient } from '@assay/plugin-subtensor/dist/client.js';
import { Identity } from '@assay/plugin-subtensor/dist/identity.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import { Link, type LinkOptions } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { ChainProxy } from '../../chain-proxy.js';
import { ScriptedChain, type ScriptedOptions } from '../../scripted-chain.js';

export interface Line {
  level: LogLevel;
  message: string;
  context: Record<string, unknown>;
}

const closing: (() => unknown)[] = [];
/** Closes what a test has opened, in the reverse order. */
export function atEnd(close: () => unknown): void {
  closing.push(close);
}
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export async function startChain(options: ScriptedOptions = {}): Promise<ScriptedChain> {
  const chain = await ScriptedChain.start(options);
  atEnd(() => chain.close());
  return chain;
}

/** A chain behind a proxy. */
export async function startBehindProxy(
  options: ScriptedOptions = {},
): Promise<{ chain: ScriptedChain; proxy: ChainProxy }> {
  const chain = await startChain(options);
  const proxy = await ChainProxy.start(chain.url);
  atEnd(() => {
    proxy.close();
  });
  return { chain, proxy };
}

/** A chain that makes a block every so many milliseconds until the returned function is called. */
export function keepAdvancing(chain: ScriptedChain, ms: number): () => void {
  const timer = setInterval(() => {
    chain.advance();
  }, ms);
  const stop = (): void => {
    clearInterval(timer);
  };
  atEnd(stop);
  return stop;
}

/** A link with short times, and what it logs. */
export function openLink(
  endpoints: readonly string[],
  options: Partial<LinkOptions> = {},
): { link: Link; log: Line[] } {
  const log: Line[] = [];
  const link = new Link(
    { endpoints, callMs: 2000, openMs: 500, silenceMs: 500, blockTimeMs: 60_000, compareMs: 60_000, ...options },
    { log: (level, message, context = {}) => log.push({ level, message, context }) },
  );
  atEnd(() => {
    link.close();
  });
  return { link, log };
}

/** A client of subnet 1 without a key. */
export function openClient(
  endpoints: readonly string[],
  options: Partial<LinkOptions> = {},
): ReturnType<typeof openLink> & { client: SubtensorClient } {
  const opened = openLink(endpoints, options);
  const { link } = opened;
  const identity = new Identity(
    { maySign: false },
    { environment: {}, log: () => undefined, resolvePath: (path) => path },
  );
  const client = new SubtensorClient(
    { netuid: 1, mechanism: 0, network: 'scripted', learnBlockTime: false },
    { link, runtimes: new Runtimes({ link }), identity, log: () => undefined },
  );
  return { ...opened, client };
}

export const never = (): AbortSignal => new AbortController().signal;

export const headOf = (link: Link): Promise<unknown> => link.call('chain_getHeader', [], never());

/** The endpoint in use, as its place in the list; -1 where there is none. */
export const inUse = (link: Link): number => link.endpoints.findIndex((endpoint) => endpoint.inUse);

export async function until(holds: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds() && performance.now() < end) await sleep(5);
  expect(holds()).toBe(true);
}
