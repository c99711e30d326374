import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import { afterAll } from 'vitest';

const BUCKET = 'softwareheritage';
/** s3rver knows one pair of keys. */
export const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

const closing: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

/** A real S3 server with a bucket. */
export async function s3Server(objects: ReadonlyMap<string, Buffer>): Promise<string> {
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: mkdtempSync(join(tmpdir(), 'assay-s3-')),
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  const { port } = await server.run();
  closing.push(() => server.close());
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS });
  for (const [key, body] of objects)
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `content/${key}`, Body: body }));
  client.destroy();
  return endpoint;
}

export type Spoiling = (request: IncomingMessage, response: ServerResponse, pass: () => void) => void;

/** Stands before a server and spoils what the test wants spoiled; the rest passes. */
export async function before(endpoint: string, spoiling: Spoiling): Promise<{ url: string; paths: string[] }> {
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    paths.push(request.url ?? '');
    spoiling(request, response, () => {
      const { hostname, port } = new URL(endpoint);
      const onward = ask(
        { hostname, port, path: request.url, method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(onward);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}
