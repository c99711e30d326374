import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import { afterEach } from 'vitest';
import { findRecordings, type RecordedChain } from '../../recorded-chain.js';
import { openReader, type Reader } from '../../subtensor/reader.js';
import { NETUID, newSubnet, type SubnetScript } from './scripted-subnet.js';

export const recordings: RecordedChain | string = findRecordings();
/** Why the scripted chain can't be made here; undefined where it can. */
export const missing = typeof recordings === 'string' ? recordings : undefined;

/** Title of a suite that says why it is skipped. */
export const titled = (title: string): string => (missing === undefined ? title : `${title} (skipped: ${missing})`);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Wanted {
  size: number;
  spec?: 343 | 424;
  mechanism?: number;
  callable?: boolean;
  instead?: (method: string, params: readonly unknown[]) => unknown;
}

/** A scripted subnet and a reader of it, both closed after the test. */
export async function opened({ size, spec = 343, ...rest }: Wanted): Promise<SubnetScript & Reader> {
  if (typeof recordings === 'string') throw new Error(recordings);
  const metadata = spec === 343 ? recordings.metadata343 : recordings.metadata424;
  const subnet = await newSubnet({ specVersion: spec, metadata, size, ...rest });
  const reader = openReader(subnet.chain.url, { netuid: NETUID, mechanism: rest.mechanism ?? 0 });
  closing.push(
    () => subnet.chain.close(),
    () => reader.client.close(),
  );
  return { ...subnet, ...reader };
}

export const read = ({ client }: Pick<Reader, 'client'>): Promise<ChainSnapshot> =>
  client.snapshot(AbortSignal.timeout(120_000));
