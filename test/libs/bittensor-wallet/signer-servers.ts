import { chmodSync, mkdtempSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sr25519PairFromSeed, sr25519Sign } from '@polkadot/util-crypto';
import { VECTORS } from './wallets.js';

const pair = sr25519PairFromSeed(VECTORS.plain.secretSeed);

/** What one line of the validator is answered with; text goes out as it is, and `undefined` is silence. */
export type Answer = (request: { id: number; request: string; message?: string }, socket: Socket) => string | undefined;

export const answerLine = (id: number, content: object): string =>
  `${JSON.stringify({ version: 1, id, ...content })}\n`;

/** As a signer of the vectors' key answers. */
export const honest: Answer = ({ id, request, message = '0x' }) => {
  if (request === 'hello') return answerLine(id, { address: VECTORS.plain.ss58Address });
  const signature = sr25519Sign(Buffer.from(message.slice(2), 'hex'), pair);
  return answerLine(id, { signature: `0x${Buffer.from(signature).toString('hex')}` });
};

/** Honest to hello, and as it is told to a request to sign. */
export const signingAs =
  (answer: Answer): Answer =>
  (request, socket) =>
    request.request === 'hello' ? honest(request, socket) : answer(request, socket);

export interface TestServer {
  path: string;
  connections: () => number;
  close: () => Promise<void>;
}

export const newSocketPath = (): string => join(mkdtempSync(join(tmpdir(), 'signer-')), 's.sock');

/** A signer in this process that answers line by line. */
export async function startServer(answer: Answer, path = newSocketPath(), mode = 0o600): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let rest = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      rest += chunk.toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const text = answer(JSON.parse(line) as Parameters<Answer>[0], socket);
        if (text !== undefined && socket.writable) socket.write(text);
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  chmodSync(path, mode);
  return {
    path,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
