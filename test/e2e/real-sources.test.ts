import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEXTS, TOKENIZER } from '@assay/competition-demo/dist/competitions.js';
import { before, KEYS, s3Server } from '../s3-server.js';
import { fakeService, json, type FakeService } from '../plugins/huggingface/fake-services.js';
import { allOf, errorOf, eventsOf, firstOf, validator } from './validator-process.js';
import { newWorld, type World } from './world.js';

const SECRETS = { HF_TOKEN: 'hf_theOperatorsOwnToken', AWS_SECRET_ACCESS_KEY: 'the/Operators+own/AwsSecretKey' };

/** A competition on the real datasets, for the demo's models. */
const PLUGIN = `
const task = { kind: 'text-loss', batchSize: 1, packSamples: true, weight: 'samples', normalization: { type: 'none' } };
export default { apiVersion: 1, name: 'mirrored', provides: { competitions: [{
  id: 1, name: 'mirrored',
  constraints: { minParameters: 100_000, maxParameters: 700_000, maxBytes: 4194304, architectures: ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'], sequenceLength: 256 },
  tokenizer: { kind: 'folder', path: ${JSON.stringify(TOKENIZER)} },
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 2000 },
  tasks: [
    { ...task, name: 'web', dataset: 'tiiuae/falcon-refinedweb', pages: 2, maxBatches: 12 },
    { ...task, name: 'code', dataset: 'bigcode/the-stack-v2-dedup', pages: 1, maxBatches: 8 },
  ],
  comparison: 'mean-loss', onDatasetFailure: 'skip-round',
}] } };`;

const texts = readFileSync(join(TEXTS, 'heldout.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => (JSON.parse(line) as { text: string }).text);
const textOf = (row: number): string => (texts[row % texts.length] ?? '').slice(0, 1500);

/** The datasets server: fifty rows from any offset on. Whatever it says repeats what it was told. */
function datasetsServer(failures: number): Promise<FakeService> {
  let left = failures;
  return fakeService((response, { query, authorization }) => {
    const echo = { 'x-echo': authorization ?? 'none', 'x-revision': 'f00d' };
    if (left-- > 0) {
      json(response, { error: `refused ${authorization}` }, 503, { ...echo, 'x-error-code': authorization ?? 'none' });
      return;
    }
    const [offset, length] = [Number(query['offset']), Number(query['length'])];
    const row = (index: number): unknown =>
      query['dataset'] === 'bigcode/the-stack-v2-dedup'
        ? { blob_id: `blob${index % 10}`, src_encoding: 'UTF-8' }
        : { content: textOf(offset + index) };
    json(
      response,
      { rows: Array.from({ length }, (_none, index) => ({ row_idx: offset + index, row: row(index) })) },
      200,
      echo,
    );
  });
}

/** Everything that a run leaves behind, by file. */
const left = (folder: string): [name: string, content: string][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && entry.name !== '.env'
      ? [
          [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'latin1')] as [
            string,
            string,
          ],
        ]
      : [],
  );

describe('a competition on real datasets', () => {
  let world: World;
  let server: FakeService;
  let bucket: { url: string; paths: string[] };
  /** Nothing of the machine's own. */
  const bare = {
    HOME: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    HF_TOKEN_PATH: '',
    HF_HOME: '',
    XDG_CACHE_HOME: '',
  };

  const config = (name: string, rows: string, endpoint: string): string =>
    world.configWith(name, {
      plugins: ['./mirrored.mjs'],
      competitions: ['mirrored'],
      rows: { use: 'huggingface', endpoint: rows, timeoutMs: 2000 },
      datasets: { 'bigcode/the-stack-v2-dedup': { endpoint } },
      logLevel: 'debug',
    });

  beforeAll(async () => {
    world = newWorld();
    writeFileSync(join(world.folder, 'mirrored.mjs'), PLUGIN);
    writeFileSync(
      join(world.folder, '.env'),
      `HF_TOKEN=${SECRETS.HF_TOKEN}\nAWS_ACCESS_KEY_ID=${KEYS.accessKeyId}\nAWS_SECRET_ACCESS_KEY="${SECRETS.AWS_SECRET_ACCESS_KEY}"\n`,
    );
    server = await datasetsServer(0);
    const blobs = new Map(
      Array.from({ length: 10 }, (_none, index) => [`blob${index}`, gzipSync(textOf(index * 7))] as const),
    );
    bucket = await before(await s3Server(blobs), (_request, _response, pass) => {
      pass();
    });
  });

  it('is judged with the credentials of .env, which then stand nowhere', async () => {
    const trouble = await datasetsServer(1);
    const answer = await validator(
      ['run', '--once', '--json', '--config', config('trouble.yaml', trouble.url, bucket.url)],
      { env: bare },
    );
    expect(answer.code, answer.stderr).toBe(0);
    const events = eventsOf(answer.stdout);
    expect(allOf(events, 'sampling-started').map(({ dataset }) => dataset)).toEqual([
      'tiiuae/falcon-refinedweb',
      'bigcode/the-stack-v2-dedup',
    ]);
    expect(allOf(events, 'samples-drawn').map(({ dataset, batches }) => [dataset, batches])).toEqual([
      ['tiiuae/falcon-refinedweb', 12],
      ['bigcode/the-stack-v2-dedup', 8],
    ]);
    expect(firstOf(events, 'round-finished')?.rows.length).toBeGreaterThan(5);
    expect(firstOf(events, 'weights-set')?.confirmed).toBe(true);
    // The token was sent, and with its own dataset only.
    expect(new Set(trouble.seen.map(({ query, authorization }) => `${query['dataset']} ${authorization}`))).toEqual(
      new Set(['tiiuae/falcon-refinedweb undefined', `bigcode/the-stack-v2-dedup Bearer ${SECRETS.HF_TOKEN}`]),
    );
    for (const secret of Object.values(SECRETS)) {
      for (const [name, content] of [...left(world.folder), ['stdout', answer.stdout], ['stderr', answer.stderr]])
        expect(content?.includes(secret), `${secret} in ${name}`).toBe(false);
    }
  });

  it('is drawn once: what was drawn for a seed is on disk', async () => {
    const evaluate = async (): Promise<unknown> => {
      const repo = join(world.folder, 'network', 'repos', 'honest', 'llama-2000');
      const model = join(repo, readdirSync(repo)[0] ?? '');
      const answer = await validator(
        [
          'evaluate',
          model,
          '--competition',
          'mirrored',
          '--seed',
          '5',
          '--json',
          '--config',
          config('mirror.yaml', server.url, bucket.url),
        ],
        { env: bare },
      );
      const { meanLoss, tasks } = JSON.parse(answer.stdout) as { meanLoss: number; tasks: { losses: number[] }[] };
      return { meanLoss, losses: tasks.map(({ losses }) => losses) };
    };
    const first = await evaluate();
    const asked = [server.seen.length, bucket.paths.length];
    expect(await evaluate()).toEqual(first);
    // The second time only whether the credentials are still good.
    expect([server.seen.length, bucket.paths.length]).toEqual([(asked[0] ?? 0) + 1, (asked[1] ?? 0) + 1]);
  });

  it.each<[what: string, env: Record<string, string>, named: string]>([
    ['HF_TOKEN', { HF_TOKEN: ' ' }, 'HF_TOKEN'],
    ['the keys of AWS', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'AWS_ACCESS_KEY_ID'],
  ])('does not start without %s, and says what to do', async (_what, env, named) => {
    const answer = await validator(
      ['run', '--once', '--json', '--config', config('mirror.yaml', server.url, bucket.url)],
      { env: { ...bare, ...env } },
    );
    expect(answer.code).toBe(2);
    expect(errorOf(answer)).toMatchObject({
      code: 'CREDENTIAL_MISSING',
      message: expect.stringContaining(named) as unknown,
      hint: expect.stringContaining('https://huggingface.co/datasets/bigcode/the-stack-v2-dedup') as unknown,
    });
  });

  it('does not start with a token that is refused, and does not show it', async () => {
    const refusing = await fakeService((response, { authorization }) => {
      json(response, { error: `no: ${authorization}` }, 401);
    });
    const answer = await validator(
      ['run', '--once', '--json', '--config', config('refusing.yaml', refusing.url, bucket.url)],
      { env: bare },
    );
    expect(answer.code).toBe(2);
    expect(errorOf(answer)).toMatchObject({ code: 'CREDENTIAL_REFUSED' });
    expect(answer.stdout + answer.stderr).not.toContain(SECRETS.HF_TOKEN);
  });
});
