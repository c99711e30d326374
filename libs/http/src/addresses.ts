import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses of IPv4 that are not of the public internet: RFC 6890 and its updates. */
const NOT_PUBLIC_4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Within 2000::/3, which holds all public addresses of IPv6: Teredo and other protocols, documentation, 6to4. */
const NOT_PUBLIC_6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const refused = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_4) refused.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of NOT_PUBLIC_6) refused.addSubnet(network, prefix, 'ipv6');
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
/** Gateways of IPv6-only networks reach IPv4 by this prefix; the last 32 bits are the address of IPv4. */
const translated = new BlockList();
translated.addSubnet('64:ff9b::', 96, 'ipv6');

/** Whether an IP address belongs to the public internet. False for everything that is no address. */
export function isPublicAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  if (family === 4) return !refused.check(plain, 'ipv4');
  if (family !== 6) return false;
  if (translated.check(plain, 'ipv6')) return isPublicAddress(lastFourBytes(plain));
  return global6.check(plain, 'ipv6') && !refused.check(plain, 'ipv6');
}

function lastFourBytes(address: string): string {
  // The parser of addresses writes both spellings, with and without dots, in one way.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':').slice(-2);
  const [high = 0, low = 0] = groups.map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A name has led to an address that may not be connected to. */
export class AddressRefused extends Error {
  constructor(readonly address: string) {
    super(`it leads to ${address}, which is no public address`);
  }
}

export type Lookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves names for connections, and fails with AddressRefused where one of the addresses is refused. The connection is
 * made to the addresses that were checked, so a name that resolves differently the next time gains nothing.
 */
export function guardedLookup(mayReach: (address: string) => boolean, lookup: Lookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, '', 0);
        return;
      }
      const wrong = addresses.find(({ address }) => !mayReach(address));
      const [first] = addresses;
      if (wrong || !first) {
        callback(new AddressRefused(wrong?.address ?? 'nowhere'), '', 0);
        return;
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
