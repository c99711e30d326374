import { subtensorErrors } from './errors.js';
import { withoutCredentials } from './rpc/endpoint.js';

interface Network {
  /** For people: its name, or the endpoint without credentials where it has none. */
  name: string;
  /** In the order of preference. */
  endpoints: readonly string[];
  /** Hash of block 0, where it is known beforehand. */
  genesis?: string;
}

const FINNEY_GENESIS = '0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03';
const TEST_GENESIS = '0x8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105';

/** The public networks and a node on this machine, as the Python SDK names them, with its fallbacks. */
const NETWORKS: Readonly<Record<string, Omit<Network, 'name'>>> = {
  finney: {
    endpoints: [
      'wss://entrypoint-finney.opentensor.ai:443',
      'wss://lite.chain.opentensor.ai:443',
      'wss://lite.sub.latent.to:443',
    ],
    genesis: FINNEY_GENESIS,
  },
  test: { endpoints: ['wss://test.finney.opentensor.ai:443'], genesis: TEST_GENESIS },
  archive: {
    endpoints: ['wss://archive.chain.opentensor.ai:443', 'wss://archive.sub.latent.to:443'],
    genesis: FINNEY_GENESIS,
  },
  'latent-lite': { endpoints: ['wss://lite.sub.latent.to:443'], genesis: FINNEY_GENESIS },
  local: { endpoints: ['ws://127.0.0.1:9944'] },
};

export const NETWORK_NAMES: readonly string[] = Object.keys(NETWORKS);

/**
 * Where the chain is reached. Endpoints that are given win over the network's name, whose own are then not used.
 * @param network one of the names, or the URL of an endpoint
 * @throws NETWORK_UNKNOWN
 */
export function networkOf({
  network,
  endpoints,
}: {
  network: string;
  endpoints?: readonly string[] | undefined;
}): Network {
  if (endpoints) {
    for (const endpoint of endpoints) requireUrl(endpoint);
    return named(endpoints);
  }
  const known = Object.hasOwn(NETWORKS, network) ? NETWORKS[network] : undefined;
  if (known) return { name: network, ...known };
  requireUrl(network);
  return named([network]);
}

/** A public endpoint is known by its host, and with it the chain that it has to show. */
function named(endpoints: readonly string[]): Network {
  const hosts = new Set(endpoints.map((endpoint) => new URL(endpoint).host));
  const known = Object.entries(NETWORKS).find(
    ([name, network]) => name !== 'local' && network.endpoints.some((endpoint) => hosts.has(new URL(endpoint).host)),
  );
  const name = endpoints.map(withoutCredentials).join(', ');
  return { name, endpoints, ...(known?.[1].genesis !== undefined && { genesis: known[1].genesis }) };
}

function requireUrl(text: string): void {
  if (URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol)) return;
  // A mistyped URL may have a password or a key in it.
  const network = text.replace(/^.*@/s, '[user]@').replace(/\?.*$/s, '?[query]');
  throw subtensorErrors.NETWORK_UNKNOWN({ network, known: NETWORK_NAMES });
}
