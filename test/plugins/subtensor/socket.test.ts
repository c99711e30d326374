import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { subtensorErrors } from '@assay/plugin-subtensor/dist/errors.js';
import { Endpoint, withoutCredentials } from '@assay/plugin-subtensor/dist/rpc/endpoint.js';
import { RpcSocket } from '@assay/plugin-subtensor/dist/rpc/socket.js';
import { ChainProxy } from '../../chain-proxy.js';
import { errorOf } from '../../error-of.js';
import { atEnd, never, until } from './scripted-link.js';

type OnRequest = (request: { id: number; method: string }, socket: WebSocket) => void;

/** A server that does with each request what the test says; without that it echoes the method. */
async function server(onRequest: OnRequest = echo, onOpen?: (socket: WebSocket) => void): Promise<string> {
  const started = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  started.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      onRequest(JSON.parse(data.toString()) as { id: number; method: string }, socket);
    });
    onOpen?.(socket);
  });
  await new Promise((resolve) => started.once('listening', resolve));
  atEnd(() => {
    for (const socket of started.clients) socket.terminate();
    started.close();
  });
  return `ws://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

const text = (value: unknown): string => JSON.stringify(value);
const answer = (id: unknown, result: unknown): string => text({ jsonrpc: '2.0', id, result });
const echo: OnRequest = ({ id, method }, socket) => {
  socket.send(answer(id, method));
};

async function opened(endpoint: string, options: { silenceMs?: number; maxBytes?: number } = {}): Promise<RpcSocket> {
  const socket = await RpcSocket.open(
    { endpoint, shown: withoutCredentials(endpoint), silenceMs: 60_000, maxBytes: 1_000_000, ...options },
    AbortSignal.timeout(5000),
  );
  atEnd(() => {
    socket.destroy(subtensorErrors.CHAIN_CLOSED({}));
  });
  return socket;
}

describe('frames that are no answer', () => {
  it.each<[name: string, frame: string | Buffer, code: string]>([
    ['no JSON', '{"jsonrpc":"2.0","id":1,"resu', 'ENDPOINT_GARBLED'],
    ['an empty frame', '', 'ENDPOINT_GARBLED'],
    ['null', 'null', 'ENDPOINT_GARBLED'],
    ['a number', '7', 'ENDPOINT_GARBLED'],
    ['a batch', '[]', 'ENDPOINT_GARBLED'],
    ['an object without members', '{}', 'ENDPOINT_GARBLED'],
    ['an answer without a version', text({ id: 1, result: 1 }), 'ENDPOINT_GARBLED'],
    ['an id as text', answer('1', 'x'), 'ENDPOINT_GARBLED'],
    ['no id', answer(null, 'x'), 'ENDPOINT_GARBLED'],
    ['an id that was never used', answer(2, 'x'), 'ENDPOINT_GARBLED'],
    ['an id below the first', answer(0, 'x'), 'ENDPOINT_GARBLED'],
    ['an id that is no integer', answer(1.5, 'x'), 'ENDPOINT_GARBLED'],
    ['an error without a code', text({ jsonrpc: '2.0', id: 1, error: { message: 'x' } }), 'ENDPOINT_GARBLED'],
    [
      'an error without an id',
      text({ jsonrpc: '2.0', id: null, error: { code: 1, message: 'x' } }),
      'ENDPOINT_GARBLED',
    ],
    ['a notification without a subscription', text({ jsonrpc: '2.0', method: 'x', params: {} }), 'ENDPOINT_GARBLED'],
    ['a binary frame', Buffer.from(answer(1, 'x')), 'ENDPOINT_GARBLED'],
    ['more bytes than are taken', answer(1, 'x'.repeat(1_000_000)), 'ENDPOINT_LOST'],
    ['text that is no UTF-8', 'INVALID', 'ENDPOINT_LOST'],
  ])('%s ends the connection and its calls with a coded error', async (_name, frame, code) => {
    const url = await server((_request, socket) => {
      if (frame === 'INVALID') socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
      else socket.send(frame);
    });
    const socket = await opened(url);
    const losses: string[] = [];
    socket.onLost((reason) => losses.push(reason.code));
    const error = await errorOf(socket.call('x', [], never()));
    expect(error).toMatchObject({ code, fault: 'network', retry: 'backoff' });
    expect(socket.lost).toBe(error);
    expect(losses).toEqual([code]);
    expect(await errorOf(socket.call('y', [], never()))).toBe(error);
    expect(socket.waiting).toBe(0);
  });

  it.each<[name: string, frames: (id: number) => string[], result: unknown]>([
    ['a second answer', (id) => [answer(id, 'first'), answer(id, 'second')], 'first'],
    ['a result of null', (id) => [answer(id, null)], null],
    ['an error of null beside the result', (id) => [text({ jsonrpc: '2.0', id, error: null, result: 'x' })], 'x'],
    ['more members', (id) => [text({ jsonrpc: '2.0', id, result: 'x', more: 1 })], 'x'],
    [
      'a notification of a subscription that was never made',
      (id) => [text({ jsonrpc: '2.0', method: 'n', params: { subscription: 'other', result: 1 } }), answer(id, 'x')],
      'x',
    ],
  ])('%s is borne', async (_name, frames, result) => {
    const socket = await opened(
      await server(({ id }, to) => {
        for (const frame of frames(id)) to.send(frame);
      }),
    );
    expect(await socket.call('a', [], never())).toEqual(result);
    expect(await socket.call('b', [], never())).toEqual(result);
    expect(socket.lost).toBeUndefined();
  });

  it('gives each call its own answer, whatever the order', async () => {
    const held: (() => void)[] = [];
    const url = await server(({ id, method }, socket) => {
      held.push(() => {
        socket.send(answer(id, method));
      });
      if (held.length === 3) for (const send of held.reverse()) send();
    });
    const socket = await opened(url);
    expect(await Promise.all(['a', 'b', 'c'].map((name) => socket.call(name, [], never())))).toEqual(['a', 'b', 'c']);
  });
});

describe('refusals', () => {
  const hash = `0x${'ab'.repeat(32)}`;
  it.each<[name: string, refusal: Record<string, unknown>, expected: Record<string, unknown>]>([
    [
      'a discarded state',
      { code: 4003, message: `Client error: UnknownBlock: State already discarded for ${hash}` },
      { code: 'STATE_DISCARDED', fault: 'chain', retry: 'never', payload: { block: hash } },
    ],
    [
      'a discarded state in the data',
      { code: -32000, message: 'Server error', data: `State already discarded for ${hash}` },
      { code: 'STATE_DISCARDED' },
    ],
    [
      'an unknown block',
      { code: 4003, message: `Client error: UnknownBlock: Header was not found in the database: ${hash}` },
      { code: 'BLOCK_UNKNOWN', fault: 'chain', payload: { block: hash } },
    ],
    [
      'a method that is not served',
      { code: -32601, message: 'Method not found' },
      { code: 'CALL_REFUSED', fault: 'network', payload: { code: -32601 } },
    ],
    ['too many requests', { code: -32005, message: 'rate limit exceeded' }, { code: 'CALL_REFUSED', retry: 'backoff' }],
    [
      'control characters',
      { code: 1, message: 'a\u001b[31m\nb\u202e' },
      { code: 'CALL_REFUSED', payload: { reason: 'a�[31m�b�' } },
    ],
    [
      'data that is no text',
      { code: 1, message: 'x', data: { deep: [] } },
      { code: 'CALL_REFUSED', payload: { reason: 'x' } },
    ],
  ])('%s', async (_name, refusal, expected) => {
    const socket = await opened(
      await server(({ id }, to) => {
        to.send(text({ jsonrpc: '2.0', id, error: refusal }));
      }),
    );
    expect(await errorOf(socket.call('state_call', [], never()))).toMatchObject(expected);
    expect(socket.lost).toBeUndefined();
  });

  it('reads a refusal of many words in no time', async () => {
    const message = 'block '.repeat(150_000);
    const socket = await opened(
      await server(({ id }, to) => {
        to.send(text({ jsonrpc: '2.0', id, error: { code: 1, message, data: message } }));
      }),
    );
    const began = performance.now();
    const error = await errorOf(socket.call('x', [], never()));
    expect(performance.now() - began).toBeLessThan(2000);
    expect(error.message.length).toBeLessThan(500);
  });
});

describe('subscriptions', () => {
  const notification = (subscription: unknown, result: unknown): string =>
    text({ jsonrpc: '2.0', method: 'n', params: { subscription, result } });

  it.each<[name: string, frames: (id: number) => string[]]>([
    ['right after the answer', (id) => [answer(id, 's'), notification('s', 1), notification('s', 2)]],
    ['before the answer', (id) => [notification('s', 1), notification('s', 2), answer(id, 's')]],
    ['around the answer', (id) => [notification('s', 1), answer(id, 's'), notification('s', 2)]],
    ['with a number for an id', (id) => [answer(id, 7), notification(7, 1), notification('7', 2)]],
    [
      'beside those of another',
      (id) => [notification('t', 9), notification('s', 1), answer(id, 's'), notification('s', 2)],
    ],
  ])('get notifications that come %s', async (_name, frames) => {
    // One write, so that all frames are read within one event.
    const socket = await opened(
      await server(({ id }, to) => {
        const tcp = Reflect.get(to, '_socket') as Socket;
        tcp.cork();
        for (const frame of frames(id)) to.send(frame);
        tcp.uncork();
      }),
    );
    const seen: unknown[] = [];
    await socket.subscribe('subscribe', (value) => seen.push(value), never());
    await until(() => seen.length >= 2);
    expect(seen).toEqual([1, 2]);
  });

  it.each([null, {}, [], true])('are not made by an answer of %j', async (id) => {
    const socket = await opened(
      await server((request, to) => {
        to.send(answer(request.id, id));
      }),
    );
    expect(await errorOf(socket.subscribe('s', () => undefined, never()))).toMatchObject({ code: 'ANSWER_MALFORMED' });
  });

  it('keep few notifications while none is answered', async () => {
    const socket = await opened(
      await server(({ id }, to) => {
        for (let count = 1; count <= 100; count += 1) to.send(notification('s', count));
        to.send(answer(id, 's'));
      }),
    );
    const seen: unknown[] = [];
    await socket.subscribe('subscribe', (value) => seen.push(value), never());
    expect(seen).toEqual(Array.from({ length: 16 }, (_, index) => 85 + index));
  });
});

describe('signals', () => {
  it('ends one call and keeps the connection; the late answer finds nobody', async () => {
    const held: (() => void)[] = [];
    const socket = await opened(
      await server(({ id, method }, to) => {
        if (method === 'slow')
          held.push(() => {
            to.send(answer(id, 'late'));
          });
        else echo({ id, method }, to);
      }),
    );
    const controller = new AbortController();
    const slow = errorOf(socket.call('slow', [], controller.signal));
    await until(() => held.length === 1);
    controller.abort();
    expect((await slow).code).toBe('ABORTED');
    held[0]?.();
    expect(await socket.call('fast', [], never())).toBe('fast');
    expect(socket.waiting).toBe(0);
  });

  it('sends nothing for one that is aborted already', async () => {
    let asked = 0;
    const socket = await opened(
      await server(() => {
        asked += 1;
      }),
    );
    expect((await errorOf(socket.call('x', [], AbortSignal.abort()))).code).toBe('ABORTED');
    await sleep(50);
    expect(asked).toBe(0);
  });
});

describe('opening', () => {
  const open = (endpoint: string, signal: AbortSignal): Promise<RpcSocket> =>
    RpcSocket.open({ endpoint, shown: withoutCredentials(endpoint), silenceMs: 1000, maxBytes: 1000 }, signal);

  /** A server of bytes that answers whatever comes first with these. */
  async function bytes(reply: string | undefined): Promise<{ url: string; sockets: Set<Socket> }> {
    const sockets = new Set<Socket>();
    const started = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (reply === '') socket.end();
        else if (reply !== undefined) socket.write(reply);
      });
    });
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    atEnd(() => {
      for (const socket of sockets) socket.destroy();
      started.close();
    });
    return { url: `ws://127.0.0.1:${(started.address() as AddressInfo).port}`, sockets };
  }

  it.each<[name: string, reply: string, reason: RegExp]>([
    ['HTTP 429', 'HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n', /HTTP 429/],
    ['HTTP 502', 'HTTP/1.1 502 Bad\r\nContent-Length: 100000\r\n\r\nhalf', /HTTP 502/],
    ['HTTP 200', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', /HTTP 200/],
    ['a redirect', 'HTTP/1.1 301 Moved\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n', /HTTP 301/],
    [
      'another key',
      'HTTP/1.1 101 Up\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
      /Accept/,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', /Parse/],
    ['an end', '', /hang up/],
  ])('fails with a reason for %s, and leaves no socket', async (_name, reply, reason) => {
    const { url, sockets } = await bytes(reply);
    const error = await errorOf(open(url, AbortSignal.timeout(5000)));
    expect(error).toMatchObject({ code: 'ENDPOINT_LOST', fault: 'network' });
    expect(error.message).toMatch(reason);
    await until(() => sockets.size === 0);
  });

  it('ends with its signal where nothing answers, and leaves no socket', async () => {
    const { url, sockets } = await bytes(undefined);
    const controller = new AbortController();
    const opening = errorOf(open(url, controller.signal));
    await until(() => sockets.size === 1);
    controller.abort();
    expect((await opening).code).toBe('ABORTED');
    await until(() => sockets.size === 0);
  });

  it('has a reason where a name with several addresses refuses', async () => {
    const { reasonOf } = await import('@assay/plugin-subtensor/dist/rpc/opening.js');
    const refused = ['127.0.0.1', '::1'].map((address) => new Error(`connect ECONNREFUSED ${address}:1`));
    expect(reasonOf(new AggregateError(refused))).toBe('connect ECONNREFUSED 127.0.0.1:1, connect ECONNREFUSED ::1:1');
    expect(reasonOf(new Error(`no name ${'x'.repeat(500)}\u001b[31m`)).length).toBe(200);
  });

  it.each([
    ['ws://user:hunter22222@127.0.0.1:1/?key=abcdefghij', 'ws://127.0.0.1:1'],
    ['ws://user:hunter22222@127.0.0.1:1/#fragment', 'ws://127.0.0.1:1'],
    ['ws://127.0.0.1:1/v3/0123456789abcdefabcdefghij', 'ws://127.0.0.1:1/v3/…'],
    ['ws://127.0.0.1:1/public/ws', 'ws://127.0.0.1:1/public/ws'],
  ])('tells no secret of %s', async (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown);
    const error = await errorOf(open(url, AbortSignal.timeout(5000)));
    expect(error.code).toBe('ENDPOINT_LOST');
    expect(text(error.toReport()) + String(error.stack)).not.toMatch(/hunter22222|abcdefghij/);
    expect(error.message).toContain(shown);
  });

  it('keeps a password out of reports also where a text quotes it', () => {
    for (const password of ['sesame%20open', '%zz-is-no-escape']) {
      const { url } = new Endpoint(`ws://user:${password}@127.0.0.1:1`, 1000);
      const quoting = subtensorErrors.ENDPOINT_LOST({
        endpoint: 'x',
        reason: `${url} and ${password.replace('%20', ' ')}`,
      });
      expect(text(quoting.toReport())).not.toMatch(/sesame|zz-is/);
    }
  });

  it('listens before the first frame, also where it comes with the upgrade', async () => {
    const socket = await opened(
      await server(echo, (to) => {
        to.send('no JSON');
      }),
    );
    await until(() => socket.lost !== undefined);
    expect(socket.lost?.code).toBe('ENDPOINT_GARBLED');
  });
});

describe('silence', () => {
  /** A node that sends a notification every so often, behind a proxy. */
  async function chatty(everyMs: number, length = 1): Promise<{ proxy: ChainProxy; socket: RpcSocket }> {
    const url = await server(echo, (to) => {
      const timer = setInterval(() => {
        to.send(text({ jsonrpc: '2.0', method: 'n', params: { subscription: 's', result: 'x'.repeat(length) } }));
      }, everyMs);
      to.on('close', () => {
        clearInterval(timer);
      });
    });
    const proxy = await ChainProxy.start(url);
    atEnd(() => {
      proxy.close();
    });
    return { proxy, socket: await opened(proxy.url, { silenceMs: 600 }) };
  }

  it.each<[name: string, directions: ('up' | 'down')[]]>([
    ['both directions are frozen', ['up', 'down']],
    ['nothing comes back', ['down']],
    ['nothing goes there, while notifications still come', ['up']],
  ])('ends the connection when %s', async (_name, directions) => {
    const { proxy, socket } = await chatty(100);
    await sleep(800);
    expect(socket.lost).toBeUndefined();
    await proxy.apply({ kind: 'freeze', directions });
    const began = performance.now();
    const error = await errorOf(socket.call('x', [], never()));
    expect(error.message).toMatch(/silent for/);
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('bears an idle connection, and one that is slow', async () => {
    const { proxy, socket } = await chatty(60_000);
    await proxy.apply({ kind: 'delay', ms: 100 });
    await sleep(2000);
    expect(socket.lost).toBeUndefined();
    expect(await socket.call('x', [], never())).toBe('x');
  });

  it('bears a long answer without a pong', async () => {
    const { proxy, socket } = await chatty(100, 20_000);
    await proxy.apply({ kind: 'freeze', directions: ['up'] });
    await sleep(1500);
    expect(socket.lost).toBeUndefined();
  });

  it.each(['client', 'node'] as const)('ends at once by a half-close of the side of the %s', async (side) => {
    const { proxy, socket } = await chatty(60_000);
    const call = errorOf(socket.call('x', [], never()));
    await proxy.apply({ kind: 'half-close', side });
    await call.catch(() => undefined);
    await until(() => socket.lost !== undefined, 2000);
    expect(socket.lost?.code).toBe('ENDPOINT_LOST');
  });
});
