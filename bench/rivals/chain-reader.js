// One reader in a process of its own: connects, reads a snapshot twice, and tells what that took.
import { ApiPromise, WsProvider } from '@polkadot/api';
import plugin from '@assay/plugin-subtensor';

const [reader, url, netuidText] = process.argv.slice(2);
const netuid = Number(netuidText);
const { signal } = new AbortController();
const PARTS = [52, 53, 57, 59, 61, 62, 66, 69];

let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
async function assay() {
  const { options, create } = plugin.provides.chain;
  const chain = await create(options.parse({ network: url, blockTime: 3600 }), { netuid, log: () => undefined });
  return async () => {
    const { neurons, commitments, weights } = await chain.snapshot(signal);
    return { neurons: neurons.length, commitments: commitments.length, rows: weights.size };
  };
}

/** The same facts as they are read with polkadot's own client. */
async function polkadot() {
  const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
  const names = [
    'Tempo',
    'WeightsSetRateLimit',
    'WeightsVersionKey',
    'MinAllowedWeights',
    'MaxAllowedUids',
    'ValidatorTrust',
    'SubnetOwnerHotkey',
  ];
  return async () => {
    const at = await api.at(await api.rpc.chain.getFinalizedHead());
    const query = (name) => at.query.subtensorModule[name.charAt(0).toLowerCase() + name.slice(1)];
    const [graph, commitments, weights] = await Promise.all([
      at.call.subnetInfoRuntimeApi.getSelectiveMechagraph(netuid, 0, PARTS),
      at.query.commitments.commitmentOf.entries(netuid),
      query('Weights').entries(netuid),
      ...names.map((name) => query(name)(netuid)),
    ]);
    const plain = graph.toJSON();
    const texts = commitments.map(([key, value]) => [key.args[1].toString(), value.toJSON()]);
    const rows = new Map(weights.map(([key, value]) => [key.args[1].toNumber(), value.toJSON()]));
    return { neurons: plain.hotkeys.length, commitments: texts.length, rows: rows.size };
  };
}

const started = performance.now();
const read = await (reader === 'assay' ? assay() : polkadot());
const found = await read();
const firstMs = performance.now() - started;
await new Promise((resolve) => setTimeout(resolve, 500));
const again = performance.now();
await read();
const againMs = performance.now() - again;
clearInterval(watch);
process.send({ firstMs, againMs, peakMb: peak / 1e6, ...found }, () => process.exit(0));
