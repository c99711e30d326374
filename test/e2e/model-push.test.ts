import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { ALICE_READING } from '../examples/hub.js';
import { HOTKEY, newPlace, pushedBy, REPO, START, TRAINED, type Fault } from './push-place.js';
import { errorOf, killedAt, validator } from './validator-process.js';
import { newFolder } from './world.js';

describe('validator model push', { timeout: 180_000 }, () => {
  it('publishes what counts and the README, claims it, and opens the repo', async () => {
    const place = await newPlace();
    const dry = pushedBy(await validator(place.push({}, '--dry-run'), { env: place.env }));
    expect(dry.revision).toBeNull();
    expect(await place.isPublic()).toBe(false);
    const pushed = pushedBy(await validator(place.push({}, '--private-until-committed'), { env: place.env }));
    expect(pushed).toMatchObject({ repo: REPO, hotkey: HOTKEY, committedNow: true, block: START + 1 });
    expect(pushed.files.map(({ path, counts }) => [path, counts])).toEqual([
      ['config.json', true],
      ['model.safetensors', true],
      ['generation_config.json', true],
      ['README.md', false],
    ]);
    expect(pushed.commitment).toMatch(new RegExp(`^alice:new-model:${pushed.revision}:[A-Za-z0-9+/]{43}=:1$`));
    const info = (await (await fetch(`${place.hub}/api/models/${REPO}`)).json()) as {
      siblings: { rfilename: string }[];
    };
    expect(info.siblings.map(({ rfilename }) => rfilename)).toEqual([
      '.gitattributes',
      'README.md',
      'config.json',
      'generation_config.json',
      'model.safetensors',
    ]);
    expect(place.commits()).toBe(1);
    expect(readdirSync(join(place.data, 'read-back', 'alice'))).toEqual([]);
    const to = join(newFolder(), 'fetched');
    const fetched = await validator(['model', 'pull', '22', '--to', to, '-c', place.config], { env: { HOME: to } });
    expect([fetched.code, fetched.stderr]).toEqual([0, expect.stringContaining('fetching') as string]);
    expect(readFileSync(join(to, 'model.safetensors')).equals(readFileSync(join(TRAINED, 'model.safetensors')))).toBe(
      true,
    );
  });

  it('leaves a claim that stands alone, and replaces it for another model', async () => {
    const place = await newPlace();
    const first = pushedBy(await validator(place.push(), { env: place.env }));
    const again = pushedBy(await validator(place.push(), { env: place.env }));
    expect(again).toEqual({ ...first, committedNow: false });
    // Only the README differs: the same model keeps its block.
    appendFileSync(join(place.model, 'README.md'), 'and more\n');
    expect(pushedBy(await validator(place.push(), { env: place.env })).block).toBe(first.block);
    expect(place.commits()).toBe(1);
    appendFileSync(join(place.model, 'generation_config.json'), '\n');
    const other = pushedBy(await validator(place.push(), { env: place.env }));
    expect(other.block).toBe(START + 2);
    expect(other.commitment).not.toBe(first.commitment);
    expect(place.commits()).toBe(2);
  });

  it('goes on after kill -9 at any step, and commits once', async () => {
    const place = await newPlace({ hubOptions: { bytesPerSecond: 600_000 } });
    const points = ['checking', 'created', 'uploading', 'uploaded', 'reading back', 'committing', 'committed'];
    const reached: string[] = [];
    for (const point of points) {
      const { signal, stderr } = await killedAt(place.push({}, '--private-until-committed'), point, { env: place.env });
      if (signal === 'SIGKILL') reached.push(point);
      expect(stderr, point).not.toContain('→');
      expect(place.commits()).toBeLessThanOrEqual(1);
    }
    expect(reached).toEqual(expect.arrayContaining(['checking', 'created', 'uploading', 'uploaded', 'reading back']));
    const pushed = pushedBy(await validator(place.push({}, '--private-until-committed'), { env: place.env }));
    expect(pushed.block).toBe(START + 1);
    expect(place.commits()).toBe(1);
    expect(await place.isPublic()).toBe(true);
  });

  it('goes on after kill -9 in the middle of an upload', async () => {
    let interrupt = (): void => undefined;
    const half = new Promise<void>((resolve) => (interrupt = resolve));
    const place = await newPlace({
      fault: ({ method, socket }) => {
        const look = setInterval(() => {
          if (socket.destroyed) clearInterval(look);
          if (method === 'PUT' && socket.bytesRead > 400_000) interrupt();
        }, 5);
        return false;
      },
      hubOptions: { bytesPerSecond: 500_000 },
    });
    expect((await killedAt(place.push(), half, { env: place.env })).signal).toBe('SIGKILL');
    expect(place.commits()).toBe(0);
    expect(pushedBy(await validator(place.push(), { env: place.env })).committedNow).toBe(true);
    expect(place.commits()).toBe(1);
  });

  it('says that it goes on, when it is interrupted', async () => {
    const place = await newPlace({ hubOptions: { bytesPerSecond: 500_000 } });
    const answer = await killedAt(place.push(), 'uploading', { env: place.env }, 'SIGINT');
    expect(errorOf(answer)).toMatchObject({ code: 'MODEL_COMMAND_INTERRUPTED', fault: 'validator' });
    expect(answer.code).toBe(130);
    expect(pushedBy(await validator(place.push(), { env: place.env })).committedNow).toBe(true);
  });

  it.each<{
    what: string;
    token?: string;
    fault?: Fault;
    change?: Record<string, string>;
    code: string;
    blames: string;
  }>([
    { what: 'a token that only reads', token: ALICE_READING.token, code: 'HUB_WRITE_REFUSED', blames: 'config' },
    { what: 'a hub that is down', fault: down, code: 'HUB_UNREACHABLE', blames: 'network' },
    { what: 'a repo of somebody else', change: { repo: 'bob/model' }, code: 'HUB_REPO_FOREIGN', blames: 'config' },
    {
      what: 'a name that fits into no commitment',
      change: { repo: `alice/${'long'.repeat(10)}` },
      code: 'PUSH_CLAIM_TOO_LONG',
      blames: 'config',
    },
    {
      what: 'a hotkey that is not registered',
      change: { hotkey: '//stranger' },
      code: 'PUSH_HOTKEY_UNREGISTERED',
      blames: 'config',
    },
    { what: 'no name of a repo', change: { repo: 'model' }, code: 'REPO_NAME_INVALID', blames: 'config' },
  ])('makes and commits nothing with $what', async ({ token, fault, change, code, blames }) => {
    const place = await newPlace({ ...(token === undefined ? {} : { token }), ...(fault ? { fault } : {}) });
    const answer = await validator(place.push(change), { env: place.env });
    expect(errorOf(answer)).toMatchObject({ code, fault: blames });
    expect(answer.code).toBe(blames === 'config' ? 2 : 1);
    expect(await place.isPublic()).toBe(false);
    expect(place.commits()).toBe(0);
  });

  it('uploads nothing that the competition would refuse', async () => {
    const place = await newPlace();
    rmSync(join(place.model, 'model.safetensors'));
    const refused = errorOf(await validator(place.push(), { env: place.env }));
    expect(refused).toMatchObject({ code: 'NO_SAFETENSORS', fault: 'miner' });
    expect(await place.isPublic()).toBe(false);
  });

  it('commits nothing when the repo does not hold what was uploaded, and mends it at the next call', async () => {
    let tampered = false;
    const tamper = (root: string, answer: string): void => {
      const { commitOid } = z.looseObject({ commitOid: z.string().optional() }).parse(JSON.parse(answer));
      if (commitOid === undefined || tampered) return;
      tampered = true;
      const file = join(root, REPO, commitOid, 'config.json');
      const text = readFileSync(file, 'utf8');
      rmSync(file);
      writeFileSync(file, text.replace('{', '{ '));
    };
    const place = await newPlace({
      fault: (request, response) => {
        if (!request.url?.includes('/commit/')) return false;
        const end = response.end.bind(response);
        response.end = ((body: Buffer) => {
          tamper(place.root, body.toString());
          return end(body);
        }) as typeof response.end;
        return false;
      },
    });
    const refused = errorOf(await validator(place.push(), { env: place.env }));
    expect(refused).toMatchObject({ code: 'READ_BACK_DIFFERS', fault: 'network', payload: { paths: ['config.json'] } });
    expect(place.commits()).toBe(0);
    expect(pushedBy(await validator(place.push(), { env: place.env })).block).toBe(START + 1);
  });

  it('commits nothing when the hub gives other bytes than it says', async () => {
    const place = await newPlace({
      fault: (request, response) => {
        if (!/^\/cdn\//.test(request.url ?? '')) return false;
        const write = response.write.bind(response);
        response.write = ((chunk: Buffer) => write(Buffer.alloc(chunk.length))) as typeof response.write;
        return false;
      },
    });
    const refused = errorOf(await validator(place.push(), { env: place.env }));
    expect(refused).toMatchObject({ code: 'FILE_CONTENT_DIFFERS', fault: 'network' });
    expect(place.commits()).toBe(0);
  });

  it('waits for the chain’s limit, and then goes on with what was uploaded', async () => {
    const place = await newPlace();
    const network = LocalNetwork.open(place.file, 'write');
    const used = 31;
    for (let count = 0; count < used; count += 1) network.commit(HOTKEY, `${count}`);
    const refused = errorOf(await validator(place.push(), { env: place.env }));
    expect(refused).toMatchObject({ code: 'SpaceLimitExceeded', fault: 'chain' });
    expect(place.commits()).toBe(used);
    network.advance(z.number().parse(refused.payload['blocksLeft']));
    const pushed = pushedBy(await validator(place.push(), { env: place.env }));
    expect(pushed.committedNow).toBe(true);
    network.close();
  });
});

function down(request: IncomingMessage, response: ServerResponse): boolean {
  request.resume();
  response.writeHead(503);
  response.end();
  return true;
}
