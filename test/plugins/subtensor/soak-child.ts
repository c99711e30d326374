import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { ChainProxy, type Fault } from '../../chain-proxy.js';
import { FRAME_FAULT_NAMES } from '../../frame-faults.js';
import { ScriptedChain } from '../../scripted-chain.js';

/** What a process holds at one moment. */
export interface Usage {
  accepted: number;
  sockets: number;
  timers: number;
  listeners: number;
  heap: number;
  clients: number;
  nodes: number;
}

/** A rough end of the connection; the last ones need the client's own patience. */
const FAULTS: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'half-close', side: 'client' },
  { kind: 'half-close', side: 'node' },
  { kind: 'status', status: 502 },
  { kind: 'silent' },
  { kind: 'freeze', directions: ['up', 'down'] },
  ...FRAME_FAULT_NAMES.filter((how) => how !== 'huge').map((how): Fault => ({
    kind: 'frames',
    how,
    direction: 'down',
    share: 1,
  })),
];

/** Intervals, those included that do not keep the process alive, which Node's own list leaves out. */
const intervals = new Set<NodeJS.Timeout>();
const { setInterval: begin, clearInterval: end } = globalThis;
Object.assign(globalThis, {
  setInterval: (callback: () => void, ms: number) => {
    const timer = begin(callback, ms);
    intervals.add(timer);
    return timer;
  },
  clearInterval: (timer: NodeJS.Timeout) => {
    intervals.delete(timer);
    end(timer);
  },
});

const resources = (kind: RegExp): number => process.getActiveResourcesInfo().filter((name) => kind.test(name)).length;

async function main(rounds: number): Promise<void> {
  const chain = await ScriptedChain.start();
  const proxy = await ChainProxy.start(chain.url);
  const advancing = setInterval(() => {
    chain.advance();
    // The script keeps every block; a chain that only grows would look like a leak of the client.
    if (chain.blocks.head > 200) chain.blocks.undo(100);
  }, 20);
  const link = new Link(
    { endpoints: [proxy.url], callMs: 300, openMs: 100, silenceMs: 100, blockTimeMs: 1000, compareMs: 50 },
    { log: () => undefined },
  );
  const { signal } = new AbortController();
  const call = (): Promise<unknown> => link.call('chain_getHeader', [], signal).catch(() => undefined);
  const usage = async (): Promise<Usage> => {
    await proxy.heal();
    for (let tries = 0; tries < 100 && (await call()) === undefined; tries += 1);
    await sleep(300);
    for (let count = 0; count < 4; count += 1) {
      globalThis.gc?.();
      await sleep(20);
    }
    return {
      accepted: proxy.accepted,
      sockets: resources(/TCP|Socket/i),
      timers: resources(/Timeout/) + intervals.size,
      listeners: getEventListeners(signal, 'abort').length + getEventListeners(link.closing, 'abort').length,
      heap: process.memoryUsage().heapUsed,
      clients: proxy.open.clients,
      nodes: proxy.open.nodes,
    };
  };
  const churn = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      const fault = FAULTS[round % FAULTS.length];
      const calls = [call(), call(), call()];
      if (fault) await proxy.apply(fault);
      await sleep(5);
      calls.push(call());
      await sleep(30);
      await proxy.heal();
      await Promise.all(calls);
      await call();
    }
  };
  await churn(2 * FAULTS.length);
  const before = await usage();
  await churn(rounds);
  const after = await usage();
  link.close();
  clearInterval(advancing);
  proxy.close();
  await chain.close();
  await sleep(200);
  const left = { sockets: resources(/TCP|Socket/i), timers: resources(/Timeout/) + intervals.size };
  process.stdout.write(JSON.stringify({ before, after, left }));
}

await main(Number(process.argv[2]));
