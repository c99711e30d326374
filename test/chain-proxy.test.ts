import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ChainProxy, plan, type Fault } from './chain-proxy.js';
import { FRAME_FAULT_NAMES, type FrameFaultName } from './frame-faults.js';
import { JsonRpcServer } from './json-rpc-server.js';
import { TcpProxy } from './tcp-proxy.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A node that answers every request with its parameters. */
async function echo(): Promise<{ node: JsonRpcServer; proxy: ChainProxy; asked: string[] }> {
  const asked: string[] = [];
  const node = await JsonRpcServer.start(async (method, params) => {
    asked.push(method);
    return params;
  });
  const proxy = await ChainProxy.start(node.url);
  closing.push(
    () => {
      proxy.close();
    },
    () => node.close(),
  );
  return { node, proxy, asked };
}

interface Client {
  socket: WebSocket;
  frames: { text: string; binary: boolean; bytes: number }[];
  /** How the connection ended: the code of its close, or the code of its error. */
  ended: Promise<string>;
}

function client(url: string): Client {
  const socket = new WebSocket(url, { maxPayload: 2 ** 30, skipUTF8Validation: true });
  closing.push(() => {
    socket.terminate();
  });
  const frames: Client['frames'] = [];
  socket.on('message', (data: Buffer, binary) => {
    frames.push({ text: data.subarray(0, 500).toString(), binary, bytes: data.length });
  });
  const ended = new Promise<string>((resolve) => {
    // The library hides a reset after the upgrade behind code 1006.
    socket.on('upgrade', (response) => {
      response.socket.on('error', (error: NodeJS.ErrnoException) => {
        resolve(String(error.code));
      });
    });
    socket.on('error', (error) => {
      resolve('code' in error ? String(error.code) : error.message);
    });
    socket.on('close', (code) => {
      resolve(String(code));
    });
  });
  return { socket, frames, ended };
}

async function opened(url: string): Promise<Client> {
  const made = client(url);
  await new Promise((resolve, reject) => made.socket.once('open', resolve).once('error', reject));
  return made;
}

const ask = ({ socket }: Client, id: number, method = 'echo'): void => {
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: ['payload'] }));
};
const answer = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, result: ['payload'] });

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 400; tries += 1) await sleep(5);
  expect(holds()).toBe(true);
}

describe('a proxy that does nothing', () => {
  it('passes frames on, and counts sockets on both sides', async () => {
    const { node, proxy } = await echo();
    const made = await opened(proxy.url);
    ask(made, 1);
    await until(() => made.frames.length === 1);
    expect(made.frames[0]?.text).toBe(answer(1));
    expect(proxy.open).toEqual({ clients: 1, nodes: 1 });
    made.socket.close();
    await until(() => proxy.open.clients === 0 && proxy.open.nodes === 0 && node.connections === 0);
    expect(proxy.accepted).toBe(1);
  });
});

describe('faults of connections', () => {
  it('drops by a reset', async () => {
    const { proxy, node } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'drop' });
    expect(await made.ended).toBe('ECONNRESET');
    await until(() => proxy.open.clients === 0 && node.connections === 0);
  });

  it('delays both ways', async () => {
    const { proxy } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'delay', ms: 150 });
    const began = performance.now();
    ask(made, 1);
    await until(() => made.frames.length === 1);
    expect(performance.now() - began).toBeGreaterThanOrEqual(295);
  });

  it.each(['client', 'node'] as const)('half-closes the side of the %s: no reset, no close frame', async (side) => {
    const { proxy } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'half-close', side });
    expect(await made.ended).toBe('1006');
  });

  it('leaves the other direction open when it half-closes', async () => {
    const heard: string[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('data', (data) => heard.push(String(data)));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy((server.address() as AddressInfo).port);
    await proxy.listen();
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    closing.push(() => {
      socket.destroy();
      proxy.close();
      server.close();
    });
    let ends = 0;
    socket.on('error', () => undefined);
    socket.on('end', () => (ends += 1)).resume();
    socket.write('before ');
    await until(() => heard.length === 1);
    proxy.halfClose('client');
    await until(() => ends === 1);
    socket.write('after');
    await until(() => heard.join('') === 'before after');
  });

  it.each([
    { directions: ['up', 'down'], asked: 0 },
    { directions: ['up'], asked: 0 },
    { directions: ['down'], asked: 1 },
  ] as const)('freezes $directions with open sockets, and thaws', async ({ directions, asked: count }) => {
    const { proxy, asked } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'freeze', directions });
    ask(made, 1);
    await sleep(200);
    expect(made.frames).toEqual([]);
    expect(asked).toHaveLength(count);
    expect(made.socket.readyState).toBe(WebSocket.OPEN);
    expect(proxy.open).toEqual({ clients: 1, nodes: 1 });
    const late = client(proxy.url);
    await sleep(100);
    expect(late.socket.readyState).toBe(WebSocket.CONNECTING);
    await proxy.heal();
    await until(() => made.frames.length === 1 && late.socket.readyState === WebSocket.OPEN);
  });

  it('refuses connections, and takes them again at the same port', async () => {
    const { proxy } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'refuse' });
    expect(await made.ended).toBe('ECONNRESET');
    expect(await client(proxy.url).ended).toBe('ECONNREFUSED');
    await proxy.heal();
    await opened(proxy.url);
  });

  it('accepts and never answers the upgrade', async () => {
    const { proxy } = await echo();
    await proxy.apply({ kind: 'silent' });
    const made = client(proxy.url);
    await sleep(200);
    expect(made.socket.readyState).toBe(WebSocket.CONNECTING);
    expect(proxy.open).toEqual({ clients: 1, nodes: 0 });
    await proxy.heal();
    expect(await made.ended).toBe('ECONNRESET');
  });

  it.each([429, 502])('answers the upgrade with HTTP %i', async (status) => {
    const { proxy } = await echo();
    await proxy.apply({ kind: 'status', status });
    expect(await client(proxy.url).ended).toBe(`Unexpected server response: ${status}`);
  });
});

/** What the client gets in place of the answer to request 1. */
const spoiled: Record<FrameFaultName, (texts: string[], frames: Client['frames']) => unknown> = {
  lose: (texts) => {
    expect(texts).toEqual([]);
  },
  duplicate: (texts) => {
    expect(texts).toEqual([answer(1), answer(1)]);
  },
  flip: (texts) => {
    expect(texts[0]).not.toBe(answer(1));
  },
  truncate: ([text = '-']) => {
    expect(answer(1).startsWith(text) && text !== answer(1)).toBe(true);
  },
  empty: (texts) => {
    expect(texts).toEqual(['']);
  },
  binary: (_texts, frames) => {
    expect(frames).toMatchObject([{ text: answer(1), binary: true }]);
  },
  'other-json': ([text = '']) => {
    expect(text).not.toContain('result');
  },
  'wrong-id': (texts) => {
    expect(texts).toEqual([answer(1_000_001)]);
  },
  'text-id': (texts) => {
    expect(texts).toEqual([answer(1).replace('"id":1', '"id":"1"')]);
  },
  unasked: ([first, second]) => {
    expect([first === answer(1), second]).toEqual([false, answer(1)]);
  },
  'unknown-subscription': ([first, second]) => {
    expect(first).toContain('never-made');
    expect(second).toBe(answer(1));
  },
  'wrong-result': ([text = '']) => {
    expect([text.includes('"id":1,'), text === answer(1)]).toEqual([true, false]);
  },
  huge: (_texts, frames) => {
    expect(frames[0]?.bytes).toBeGreaterThan(40_000_000);
  },
};

describe('faults of frames', () => {
  it.each(FRAME_FAULT_NAMES)('%s', async (how) => {
    const { proxy, asked } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'frames', how, direction: 'down', share: 1 });
    ask(made, 1);
    if (how === 'lose') await until(() => asked.length === 1);
    else
      await until(() => made.frames.length >= (['duplicate', 'unasked', 'unknown-subscription'].includes(how) ? 2 : 1));
    await sleep(20);
    spoiled[how](
      made.frames.map(({ text }) => text),
      made.frames,
    );
    await proxy.heal();
    made.frames.length = 0;
    ask(made, 2);
    await until(() => made.frames.length === 1);
    expect(made.frames[0]?.text).toBe(answer(2));
  });

  it('sends frames that nobody sent', async () => {
    const { proxy } = await echo();
    const made = await opened(proxy.url);
    ask(made, 1);
    await until(() => made.frames.length === 1);
    proxy.inject('{"jsonrpc":"2.0","id":77,"result":1}');
    proxy.inject(Buffer.from([0xff, 0x00]));
    await until(() => made.frames.length === 3);
    expect(made.frames.slice(1).map(({ binary }) => binary)).toEqual([false, true]);
  });

  it('spoils requests on their way up', async () => {
    const { proxy, asked } = await echo();
    const made = await opened(proxy.url);
    await proxy.apply({ kind: 'frames', how: 'truncate', direction: 'up', share: 1 });
    ask(made, 1);
    await until(() => made.frames.length === 1);
    expect(made.frames[0]?.text).toContain('-32700');
    expect(asked).toEqual([]);
  });
});

describe('a plan', () => {
  it('is the same for the same seed, and has every kind of fault', () => {
    const longest = { well: 10, lasts: 10 };
    expect(plan(7, 200, longest)).toEqual(plan(7, 200, longest));
    expect(plan(8, 200, longest)).not.toEqual(plan(7, 200, longest));
    const kinds = new Set(plan(7, 200, longest).map(({ fault }) => fault.kind));
    const all: Fault['kind'][] = ['drop', 'delay', 'half-close', 'freeze', 'refuse', 'silent', 'status', 'frames'];
    expect([...kinds].sort()).toEqual(all.sort());
  });

  it('is run to its end, after which all is well and no socket is left', async () => {
    const { proxy, node } = await echo();
    let seen = 0;
    const end = new AbortController();
    const clients = (async () => {
      while (!end.signal.aborted) {
        const made = client(proxy.url);
        await Promise.race([made.ended, sleep(30)]);
        made.socket.terminate();
      }
    })();
    await proxy.run(plan(3, 60, { well: 5, lasts: 15 }), AbortSignal.timeout(60_000), () => (seen += 1));
    end.abort();
    await clients;
    expect(seen).toBe(60);
    await until(() => proxy.open.clients === 0 && proxy.open.nodes === 0 && node.connections === 0);
    const made = await opened(proxy.url);
    ask(made, 1);
    await until(() => made.frames.length === 1);
  });
});
