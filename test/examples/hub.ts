import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { createHub, type HubOptions } from '../../examples/hub/server.js';

export const ALICE = { user: 'alice', token: 'hf_alice', role: 'write' } as const;
export const ALICE_READING = { user: 'alice', token: 'hf_alice_reads', role: 'read' } as const;
export const BOB = { user: 'bob', token: 'hf_bob', role: 'write' } as const;

/** Goes with the folder of all tests. */
export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'assay-hub-'));

const servers: Server[] = [];

/** The address of a server that listens until the file's tests are through. */
export async function listening(server: Server, port = 0): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The address of a loopback hub over a folder. */
export const hubOver = (root: string, options: Omit<HubOptions, 'root'> = {}): Promise<string> =>
  listening(createHub({ root, accounts: [ALICE, ALICE_READING, BOB], ...options }));

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});
