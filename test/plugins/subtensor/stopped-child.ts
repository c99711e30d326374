import { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';

/** Block time so short that the time for which a test stops this process is far beyond the alarm. */
const BLOCK_MS = 100;

/** Follows the heads of an endpoint, and writes what it logs and what it has been answered. */
async function main(endpoint: string): Promise<void> {
  const write = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const link = new Link(
    { endpoints: [endpoint], callMs: 20_000, openMs: 2000, silenceMs: 2000, blockTimeMs: BLOCK_MS, compareMs: 60_000 },
    {
      log: (level, message) => {
        write({ level, message });
      },
    },
  );
  const { signal } = new AbortController();
  for (;;) {
    await link.call('chain_getHeader', [], signal);
    link.requireBlocks();
    write({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await main(process.argv[2] ?? '');
