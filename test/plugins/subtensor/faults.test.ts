import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { isAssayError } from '@assay/core/errors/assay-error';
import { messageOf } from '@assay/core/errors/describe';
import type { SubtensorClient } from '@assay/plugin-subtensor/dist/client.js';
import type { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { plan, type Fault } from '../../chain-proxy.js';
import { random } from '../../fuzz/mutations.js';
import type { ScriptedChain } from '../../scripted-chain.js';
import { atEnd, keepAdvancing, never, openClient, startBehindProxy } from './scripted-link.js';

/** Seeds of 200 faults each; without it a few seeds of some faults run. */
const LONG = Number(process.env['ASSAY_CHAIN_FAULT_SEEDS'] ?? 0);
const SEEDS = LONG > 0 ? Array.from({ length: LONG }, (_, index) => index + 1) : [1, 2, 3, 4, 5];
const FAULTS = LONG > 0 ? 200 : 20;

const CALL_MS = 600;
/** For a machine that is busy. */
const SLACK_MS = 1500;
const KEY = `0x${'ab'.repeat(32)}`;
const VALUE = '0x0123456789abcdef';
/** Faults that change what an answer says: bytes that no hash protects can then not be told from the right ones. */
const FORGES: ReadonlySet<string> = new Set(['flip', 'wrong-result', 'truncate', 'duplicate', 'unasked', 'text-id']);

/** Milliseconds for which this process could not run, the proxy and the node in it: frames of 40 MB keep it busy. */
class Busy {
  ms = 0;
  #at = performance.now();
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.ms += Math.max(0, now - this.#at - 40);
    this.#at = now;
  }, 20);

  stop(): void {
    clearInterval(this.#timer);
  }
}

interface Outcome {
  what: string;
  /** Without the time for which this process was busy. */
  ms: number;
  /** Fault at its end. */
  fault: string;
  error?: unknown;
  wrong?: string;
}

/** Calls without end, as a validator that reads all the time. */
class Reader {
  readonly outcomes: Outcome[] = [];
  #stopped = false;
  /** Raised whenever a fault begins that forges answers. */
  forgeries = 0;
  forging = false;
  fault = 'none';

  constructor(
    private readonly chain: ScriptedChain,
    private readonly link: Link,
    private readonly client: SubtensorClient,
    private readonly next: () => number,
    private readonly busy: Busy,
  ) {}

  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#one();
      await sleep(2);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async #one(): Promise<void> {
    const kinds = [
      ['head', () => this.#head()],
      ['hash', () => this.#hash()],
      ['storage', () => this.#storage()],
    ] as const;
    const [what, read] = kinds[Math.floor(this.next() * kinds.length)] ?? kinds[0];
    const began = performance.now() - this.busy.ms;
    const outcome = (): Outcome => ({ what, ms: performance.now() - this.busy.ms - began, fault: this.fault });
    try {
      const wrong = await read();
      this.outcomes.push({ ...outcome(), ...(wrong !== undefined && { wrong }) });
    } catch (error) {
      this.outcomes.push({ ...outcome(), error });
    }
  }

  async #head(): Promise<string | undefined> {
    const { number, hash } = await this.client.head(never());
    return this.chain.blocks.hash(number) === hash ? undefined : `head ${number} ${hash}`;
  }

  async #hash(): Promise<string | undefined> {
    const block = 1 + Math.floor(this.next() * (this.chain.finalized - 1));
    const hash = await this.client.blockHash(asBlockNumber(block), never());
    return this.chain.blocks.hash(block) === hash ? undefined : `hash ${block} ${hash}`;
  }

  async #storage(): Promise<string | undefined> {
    const { forgeries, forging } = this;
    const value = await this.link.call('state_getStorage', [KEY, this.chain.blocks.hash(1)], never());
    if (value === VALUE || forging || forgeries !== this.forgeries) return undefined;
    return `storage ${String(value)}`;
  }
}

const forges = (fault: Fault): boolean => fault.kind === 'frames' && FORGES.has(fault.how);

/** What is wrong with an outcome, for people; undefined when it is as it should be. */
function defect({ what, ms, fault, error, wrong }: Outcome): string | undefined {
  // A head and a hash take up to four calls each.
  const limit = (what === 'storage' ? 1 : 4) * CALL_MS + SLACK_MS;
  if (ms > limit) return `${what} took ${Math.round(ms)} ms (${fault})`;
  if (wrong !== undefined) return `a wrong answer: ${wrong} (${fault})`;
  if (error === undefined) return undefined;
  if (isAssayError(error) && (error.fault === 'network' || error.fault === 'chain')) return undefined;
  return `${what}: ${messageOf(error)}`;
}

describe(`${FAULTS} seeded faults between a client and its node${LONG > 0 ? '' : ' (more with ASSAY_CHAIN_FAULT_SEEDS=NUMBER)'}`, () => {
  it.each(SEEDS)(
    'seed %i: every call ends in time, with the right answer or a coded error',
    { timeout: 900_000 },
    async (seed) => {
      const uncaught: unknown[] = [];
      const onUncaught = (error: unknown): void => void uncaught.push(error);
      for (const event of ['unhandledRejection', 'uncaughtException']) {
        process.on(event, onUncaught);
        atEnd(() => process.off(event, onUncaught));
      }
      const { chain, proxy } = await startBehindProxy();
      chain.blocks.put(KEY, VALUE);
      keepAdvancing(chain, 50);
      const { link, client } = openClient([proxy.url], {
        callMs: CALL_MS,
        openMs: 300,
        silenceMs: 300,
        blockTimeMs: 200,
      });
      const busy = new Busy();
      atEnd(() => {
        busy.stop();
      });
      const reader = new Reader(chain, link, client, random(seed), busy);
      const running = [reader.run(), reader.run(), reader.run()];
      await client.head(never());
      await proxy.run(plan(seed, FAULTS, { well: 100, lasts: LONG > 0 ? 500 : 200 }), never(), ({ fault }) => {
        reader.forging = forges(fault);
        reader.fault = JSON.stringify(fault);
        if (reader.forging) reader.forgeries += 1;
      });
      reader.forging = false;
      const healed = performance.now();
      while (
        performance.now() - healed < 5000 &&
        !(await client.head(never()).then(
          () => true,
          () => false,
        ))
      );
      expect(performance.now() - healed).toBeLessThan(5000);
      reader.stop();
      await Promise.all(running);
      expect(reader.outcomes.flatMap((outcome) => defect(outcome) ?? [])).toEqual([]);
      expect(uncaught).toEqual([]);
      // Otherwise the law would hold for a client that answers nothing.
      const answered = reader.outcomes.filter(({ error }) => error === undefined).length;
      expect(answered).toBeGreaterThan(reader.outcomes.length / 4);
      expect(answered).toBeGreaterThan(FAULTS);
      await client.close();
    },
  );
});
