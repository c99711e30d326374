import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  authorization: string | undefined;
  range: string | undefined;
}

export type Answering = (response: ServerResponse, seen: Seen, request: IncomingMessage) => void;

/** A real server on loopback that answers as the test says, and writes down what it was asked. */
export interface FakeService {
  url: string;
  seen: Seen[];
  answer: Answering;
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

export async function fakeService(answer: Answering): Promise<FakeService> {
  const service: FakeService = { url: '', seen: [], answer };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://any');
    const seen: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      authorization: request.headers.authorization,
      range: request.headers.range,
    };
    service.seen.push(seen);
    service.answer(response, seen, request);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return service;
}

export const json = (
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
};

/** As the rows API answers. */
export const rowsAnswer = (texts: readonly unknown[], offset = 0): unknown => ({
  features: [{ feature_idx: 0, name: 'text', type: { dtype: 'string', _type: 'Value' } }],
  rows: texts.map((text, index) => ({ row_idx: offset + index, row: { text }, truncated_cells: [] })),
  num_rows_total: 1_000_000,
  num_rows_per_page: 100,
  partial: false,
});
