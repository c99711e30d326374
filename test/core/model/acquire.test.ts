import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelInspector } from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { AssayError } from '@assay/core/errors/assay-error';
import type { EntryContext } from '@assay/core/contracts/entry-check';
import { pretraining } from '@assay/core/rules/commitment/pretraining';
import { limits as limitsRule } from '@assay/core/rules/entry/limits';
import { ModelAcquirer, type AcquireRequest } from '@assay/core/model/acquire';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import { directoryHash, secureHash } from '@assay/core/model/directory-hash';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import localFiles from '@assay/plugin-local-files';
import { newFolder } from './folders.js';

const DEMO = join(import.meta.dirname, '../../../competitions/demo/assets/models/llama-2000steps');
const FILES = ['config.json', 'generation_config.json', 'model.safetensors'];
const golden: unknown = JSON.parse(readFileSync(join(DEMO, 'golden.json'), 'utf8'));
const DIRECTORY_HASH = String(Reflect.get(Object(golden), 'directory_hash_without_golden_json'));
const HOTKEY = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const reference = { namespace: 'miner', name: 'llama', revision: '0123456789'.repeat(4) };
const never = new AbortController().signal;
const silent = (): void => undefined;

const facts: ModelFacts = {
  architecture: 'LlamaForCausalLM',
  parameterCount: 475_776,
  vocabularySize: 1024,
  maxPositions: 256,
  evaluationDigest: 'e',
  tensorsDigest: 't',
  unusedTensors: [],
  dtypes: ['BF16'],
};

/** Says of every folder what it was told to, and remembers which ones it was shown. */
class ToldInspector implements ModelInspector {
  readonly seen: string[][] = [];
  constructor(private readonly answer: Partial<ModelFacts> | Error) {}
  async inspect(directory: string): Promise<ModelFacts> {
    this.seen.push(readdirSync(directory).sort());
    if (this.answer instanceof Error) throw this.answer;
    return { ...facts, ...this.answer };
  }
  async close(): Promise<void> {
    return Promise.resolve();
  }
}

const scheme = pretraining.bind({});
const CONTEXT: EntryContext = {
  constraints: {
    minParameters: 1,
    maxParameters: 1_000_000,
    maxBytes: 5_000_000,
    architectures: ['LlamaForCausalLM'],
    sequenceLength: 256,
  },
  vocabularySize: 1024,
};

function request(change: Partial<AcquireRequest> = {}): AcquireRequest {
  return {
    reference,
    proof: secureHash(DIRECTORY_HASH, HOTKEY),
    hotkey: HOTKEY,
    checks: [limitsRule.bind({})],
    context: CONTEXT,
    ...change,
  };
}

const nan = {
  code: 'NON_FINITE_WEIGHT',
  message: 'NaN',
  hint: '',
  fault: 'miner' as const,
  retry: 'never' as const,
  payload: {},
};

const limits = (change: Partial<EntryContext['constraints']>): Partial<AcquireRequest> => ({
  context: { ...CONTEXT, constraints: { ...CONTEXT.constraints, ...change } },
});

interface Scene {
  /** Where the miner's files lie. */
  repo: string;
  store: ModelStore;
  inspector: ToldInspector;
  acquirer: ModelAcquirer;
}

async function scene(answer: Partial<ModelFacts> | Error = {}): Promise<Scene> {
  const folder = newFolder();
  const repo = join(folder, 'repos', reference.namespace, reference.name, reference.revision);
  mkdirSync(repo, { recursive: true });
  for (const file of FILES) cpSync(join(DEMO, file), join(repo, file));
  const deps = {
    clock: systemClock,
    dataDir: join(folder, 'data'),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: {},
    log: silent,
    resolvePath: (path: string) => path,
  };
  const provided = localFiles.provides.store;
  if (!provided) throw new Error('local-files provides a store');
  const source = await provided.create({ repos: join(folder, 'repos') }, deps, never);
  const store = await ModelKeeper.open({ directory: join(deps.dataDir, 'models') }, { source, clock: systemClock });
  const inspector = new ToldInspector(answer);
  return { repo, store, inspector, acquirer: new ModelAcquirer({}, { store, inspector, scheme }) };
}

describe('ModelAcquirer', () => {
  it("takes in the demo's model, README and all, by the hash that the reference makes of it", async () => {
    const { acquirer, inspector, repo } = await scene();
    writeFileSync(join(repo, 'README.md'), '# hello');
    const seen: number[] = [];
    const model = await acquirer.acquire(request(), ({ done }) => seen.push(done), never);
    expect(DIRECTORY_HASH).toMatch(/^ez5y7A/);
    expect(directoryHash(model.files)).toBe(DIRECTORY_HASH);
    expect(model.facts).toEqual(facts);
    expect(inspector.seen).toEqual([FILES]);
    expect(seen.at(-1)).toBe(model.files.reduce((sum, { size }) => sum + size, 0));
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it('tells what a repo holds that is never opened, and counts none of it', async () => {
    const { acquirer, repo } = await scene();
    for (const name of ['modeling_llama.py', 'pytorch_model.bin', 'a.pkl']) writeFileSync(join(repo, name), 'x');
    const model = await acquirer.acquire(request(), silent, never);
    expect(directoryHash(model.files)).toBe(DIRECTORY_HASH);
    expect(model.facts.notes).toEqual([
      'Python code is never executed: modeling_llama.py.',
      expect.stringMatching(/^Formats that can hold code are never opened: .*pytorch_model\.bin/),
    ]);
  });

  it('does not fetch again what it has, for the same hotkey', async () => {
    const { acquirer, repo } = await scene();
    const first = await acquirer.acquire(request(), silent, never);
    writeFileSync(join(repo, 'model.safetensors'), 'not read any more');
    expect(await acquirer.acquire(request(), silent, never)).toEqual(first);
  });

  it('fetches again what has changed on disk, before anything reads it', async () => {
    const { acquirer, inspector } = await scene();
    const first = await acquirer.acquire(request(), silent, never);
    const path = join(first.directory, 'model.safetensors');
    const sound = readFileSync(path);
    writeFileSync(path, Buffer.from(sound).fill(0, 4096, 8192), { flag: 'r+' });
    expect(await acquirer.acquire(request(), silent, never)).toEqual(first);
    expect(readFileSync(path).equals(sound)).toBe(true);
    expect(inspector.seen).toHaveLength(2);
    writeFileSync(path, Buffer.from(sound).fill(0, 4096, 8192), { flag: 'r+' });
    const { model } = await acquirer.fetch(reference, silent, never);
    expect(readFileSync(join(model.directory, 'model.safetensors')).equals(sound)).toBe(true);
  });

  it.each([
    ['says that the miner is to blame', new AssayError({ ...nan })],
    ['finds nothing', undefined],
    ['finds more parameters than are allowed', { parameterCount: 2_000_000 }],
  ])('believes no inspection of files that change under it: one that %s', async (_what, answer) => {
    const { store } = await scene();
    let inspections = 0;
    const inspector: ModelInspector = {
      inspect: async (directory) => {
        inspections += 1;
        if (inspections > 1) return Promise.resolve(facts);
        const path = join(directory, 'model.safetensors');
        writeFileSync(path, readFileSync(path).fill(0, 4096, 8192), { flag: 'r+' });
        if (answer instanceof Error) throw answer;
        return Promise.resolve({ ...facts, ...answer });
      },
      close: async () => Promise.resolve(),
    };
    const fresh = new ModelAcquirer({}, { store, inspector, scheme });
    expect((await fresh.acquire(request(), silent, never)).facts).toEqual(facts);
    expect(inspections).toBe(2);
  });

  it('does not blame a miner whose files never keep on this disk', async () => {
    const { store } = await scene();
    const inspector: ModelInspector = {
      inspect: (directory) => {
        const path = join(directory, 'model.safetensors');
        writeFileSync(path, readFileSync(path).fill(0, 4096, 8192), { flag: 'r+' });
        return Promise.reject(new AssayError({ ...nan }));
      },
      close: async () => Promise.resolve(),
    };
    await expect(
      new ModelAcquirer({}, { store, inspector, scheme }).acquire(request(), silent, never),
    ).rejects.toMatchObject({
      code: 'STORED_MODEL_CHANGED',
      fault: 'validator',
    });
  });

  it('holds another hotkey and another competition to the same checks, stored or not', async () => {
    const { acquirer } = await scene();
    await acquirer.acquire(request(), silent, never);
    const other = { hotkey: '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty' };
    await expect(acquirer.acquire(request(other), silent, never)).rejects.toMatchObject({
      code: 'HASH_MISMATCH',
      fault: 'miner',
    });
    await expect(acquirer.acquire(request(limits({ maxBytes: 1000 })), silent, never)).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
    });
    const own = { ...other, proof: secureHash(DIRECTORY_HASH, other.hotkey) };
    await expect(acquirer.acquire(request(own), silent, never)).resolves.toMatchObject({ facts });
  });

  it('fetches again what was stored under other rules', async () => {
    const { acquirer, store } = await scene();
    await store.fetch(
      reference,
      [{ path: 'config.json', size: readFileSync(join(DEMO, 'config.json')).length }],
      silent,
      never,
    );
    await expect(acquirer.acquire(request(), silent, never)).resolves.toMatchObject({ facts });
  });

  it('reads nothing of a repo that is too large', async () => {
    const { acquirer, repo, store, inspector } = await scene();
    writeFileSync(join(repo, 'huge.bin'), Buffer.alloc(6_000_000));
    await expect(acquirer.acquire(request(), silent, never)).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
      fault: 'miner',
    });
    expect(await store.stored(reference)).toBeUndefined();
    expect(inspector.seen).toEqual([]);
  });

  it.each<[string, Partial<ModelFacts>, Partial<AcquireRequest>, string]>([
    ['of a class that may not take part', { architecture: 'FalconForCausalLM' }, {}, 'ARCHITECTURE_NOT_ALLOWED'],
    ['too small', {}, limits({ minParameters: 475_777 }), 'PARAMETERS_OUT_OF_RANGE'],
    ['too big', {}, limits({ maxParameters: 475_775 }), 'PARAMETERS_OUT_OF_RANGE'],
    ['too short', { maxPositions: 255 }, {}, 'SEQUENCES_TOO_LONG'],
    ['of too few tokens', { vocabularySize: 1023 }, {}, 'VOCABULARY_TOO_SMALL'],
  ])('refuses a model %s', async (_name, found, change, code) => {
    const { acquirer } = await scene(found);
    const refused = await acquirer.acquire(request(change), silent, never).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AssayError);
    expect(refused).toMatchObject({ code, fault: 'miner', retry: 'never' });
  });

  it('takes a model at its limits, and one that sets none to its positions', async () => {
    const exact = { ...limits({ minParameters: 475_776, maxParameters: 475_776 }) };
    await expect((await scene()).acquirer.acquire(request(exact), silent, never)).resolves.toMatchObject({ facts });
    const unlimited = { ...facts };
    delete unlimited.maxPositions;
    const inspector: ModelInspector = {
      inspect: async () => Promise.resolve(unlimited),
      close: async () => Promise.resolve(),
    };
    const { store } = await scene();
    await expect(
      new ModelAcquirer({}, { store, inspector, scheme }).acquire(request(), silent, never),
    ).resolves.toMatchObject({
      facts: unlimited,
    });
  });

  it.each<[string, (repo: string) => void, string]>([
    [
      'bytes other than the committed ones',
      (repo) => {
        writeFileSync(join(repo, 'generation_config.json'), '{}');
      },
      'HASH_MISMATCH',
    ],
    [
      'a file more that counts',
      (repo) => {
        writeFileSync(join(repo, 'tokenizer.json'), '{}');
      },
      'HASH_MISMATCH',
    ],
    [
      'two files of one content',
      (repo) => {
        cpSync(join(repo, 'generation_config.json'), join(repo, 'added_tokens.json'));
      },
      'DUPLICATE_FILES',
    ],
    [
      'no config',
      (repo) => {
        rmSync(join(repo, 'config.json'));
      },
      'REPO_FILE_INVALID',
    ],
    [
      'a config that is no JSON',
      (repo) => {
        writeFileSync(join(repo, 'config.json'), '{');
      },
      'REPO_FILE_INVALID',
    ],
    [
      'a config that is no object',
      (repo) => {
        writeFileSync(join(repo, 'config.json'), '[]');
      },
      'REPO_FILE_INVALID',
    ],
    [
      'a config behind a byte order mark',
      (repo) => {
        writeFileSync(join(repo, 'config.json'), '\uFEFF{}');
      },
      'REPO_FILE_INVALID',
    ],
    [
      'a config that is not UTF-8',
      (repo) => {
        writeFileSync(join(repo, 'config.json'), Buffer.from([0x7b, 0xff, 0x7d]));
      },
      'REPO_FILE_INVALID',
    ],
    [
      'a config nested without end, and its copy for another version',
      (repo) => {
        const deep = `{"configuration_files":["config.4.0.0.json"],"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
        for (const file of ['config.json', 'config.4.0.0.json']) writeFileSync(join(repo, file), deep);
      },
      'REPO_FILE_INVALID',
    ],
    [
      'a huge config',
      (repo) => {
        writeFileSync(join(repo, 'config.json'), Buffer.alloc(1024 * 1024 + 1, 32));
      },
      'FILE_TOO_LARGE',
    ],
    [
      'a pickle only',
      (repo) => {
        rmSync(join(repo, 'model.safetensors'));
        writeFileSync(join(repo, 'pytorch_model.bin'), 'x');
      },
      'NO_SAFETENSORS',
    ],
    [
      'another config for another version',
      (repo) => {
        writeFileSync(join(repo, 'config.json'), '{"configuration_files":["config.4.0.0.json"],"rope_theta":1}');
        writeFileSync(join(repo, 'config.4.0.0.json'), '{"rope_theta":2}');
      },
      'REPO_FILE_INVALID',
    ],
  ])('refuses %s', async (_name, change, code) => {
    const { acquirer, repo, inspector } = await scene();
    change(repo);
    await expect(acquirer.acquire(request(), silent, never)).rejects.toMatchObject({
      code,
      fault: 'miner',
      retry: 'never',
    });
    expect(inspector.seen).toEqual([]);
  });

  it('counts a tokenizer config that is broken, and goes on', async () => {
    const { acquirer, repo, inspector } = await scene();
    for (const file of ['tokenizer_config.json', 'tokenizer.json']) writeFileSync(join(repo, file), `{ ${file}`);
    await expect(acquirer.acquire(request(), silent, never)).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
    const counted = directoryHash(hashes(repo, [...FILES, 'tokenizer_config.json']));
    await acquirer.acquire(request({ proof: secureHash(counted, HOTKEY) }), silent, never);
    expect(inspector.seen).toEqual([[...FILES, 'tokenizer_config.json']]);
  });

  it('passes on what the inspector and the store say, blame and all', async () => {
    const fault = new AssayError({
      code: 'X',
      message: 'x',
      hint: 'x',
      fault: 'validator',
      retry: 'backoff',
      payload: {},
    });
    await expect((await scene(fault)).acquirer.acquire(request(), silent, never)).rejects.toBe(fault);
    const { acquirer } = await scene();
    const absent = { reference: { ...reference, revision: 'f'.repeat(40) } };
    await expect(acquirer.acquire(request(absent), silent, never)).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
      fault: 'miner',
    });
  });

  it('stops when aborted', async () => {
    const { acquirer, store } = await scene();
    const controller = new AbortController();
    const stop = (): void => {
      controller.abort();
    };
    await expect(acquirer.acquire(request(), stop, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await store.stored(reference)).toBeUndefined();
  });
});

function hashes(folder: string, paths: readonly string[]): { path: string; sha256: string }[] {
  return paths.map((path) => ({
    path,
    sha256: createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex'),
  }));
}
