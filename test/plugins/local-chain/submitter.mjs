// Sends weights until its parent kills it, and prints the ticket: node submitter.mjs FILE kept|sent
import { LocalChainClient, LocalNetwork } from '@assay/plugin-local-chain';

const [, , file, stage] = process.argv;
const network = LocalNetwork.open(file, 'write');
const { neurons } = network.snapshot();
const targets = neurons.slice(2, 4);
const clock = { now: Date.now, sleep: () => Promise.resolve() };
const chain = await LocalChainClient.init(
  { netuid: network.netuid, blockTime: 0, hotkey: 'validator', mode: 'validate' },
  { network, clock },
);
const { signal } = new AbortController();
const forEver = () => new Promise((resolve) => setTimeout(resolve, 600_000));
let kept;
const setting = chain.setWeights(
  {
    uids: targets.map(({ uid }) => uid),
    hotkeys: targets.map(({ hotkey }) => hotkey),
    weights: [65_535, 1],
    versionKey: 5n,
  },
  signal,
  async (ticket) => {
    kept = ticket;
    if (stage !== 'kept') return;
    console.log(JSON.stringify(ticket));
    await forEver();
  },
);
// Until it is sent, the ticket's own last block is named; afterwards the block that is going to hold it.
const looking = setInterval(() => {
  if (kept === undefined || network.submissions.fate(kept).lastBlock === kept.lastBlock) return;
  clearInterval(looking);
  console.log(JSON.stringify(kept));
}, 10);
await setting;
