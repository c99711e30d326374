import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Encoder } from '@assay/plugin-tokenizers/dist/encoder.js';
import { definitionOf, MODELS, type Part } from './definitions.js';
import { opened } from './open-folder.js';

const DIST = dirname(createRequire(import.meta.url).resolve('@assay/plugin-tokenizers'));
const DEFINITION = { key: 'x', json: JSON.stringify(definitionOf({})), added: [], normalized: [], endToken: '</s>' };
const wordLevel = (rest: Part): Part => ({ ...MODELS['WordLevel'], ...rest });
const precompiled = (bytes: readonly number[]): Part => ({
  normalizer: { type: 'Precompiled', precompiled_charsmap: Buffer.from(bytes).toString('base64') },
});

/** Each of these either is refused by the library or ends its process. */
const HOSTILE: readonly (readonly [string, string | Part])[] = [
  ['deep nesting', nested(100_000)],
  ['half of a surrogate pair', JSON.stringify(definitionOf({ normalizer: { type: 'Prepend', prepend: '\ud800' } }))],
  ['no pieces', definitionOf({ model: { type: 'Unigram', unk_id: 0, vocab: [] } })],
  ['an unknown piece out of range', definitionOf({ model: { type: 'Unigram', unk_id: 5, vocab: [['</s>', -1]] } })],
  ['a negative id', definitionOf({ model: wordLevel({ vocab: { '</s>': -1 } }) })],
  ['a model of no known type', definitionOf({ model: wordLevel({ type: 'Other' }) })],
  ['merges of unknown parts', definitionOf({ model: { type: 'BPE', vocab: { '</s>': 0 }, merges: ['a b'] } })],
  [
    'a prefix longer than a part',
    definitionOf({
      model: { type: 'BPE', vocab: { '</s>': 0, a: 1, ab: 2 }, merges: ['a ab'], continuing_subword_prefix: '####' },
    }),
  ],
  ['a pattern that is none', definitionOf({ pre_tokenizer: split('(') })],
  ['a character map cut short', definitionOf(precompiled([0, 0, 0]))],
  ['a character map of another length', definitionOf(precompiled([255, 255, 255, 255]))],
  ['a character map that points outside', definitionOf(precompiled([8, 0, 0, 0, ...Array<number>(8).fill(255), 97]))],
  ['pieces of length zero', definitionOf({ pre_tokenizer: { type: 'FixedLength', length: 0 } })],
  [
    'a template of a token that is not there',
    definitionOf({
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: 'X', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: {},
      },
    }),
  ],
  [
    'a template of an id that no token has',
    definitionOf({ post_processor: { type: 'BertProcessing', sep: ['</s>', 2], cls: ['<s>', 100_000] } }),
  ],
  ['two added tokens that are one when normalized', normalizedTokens('Lowercase', ['add', 'ADD'])],
  ['an added token of which nothing is left', normalizedTokens('StripAccents', ['\u0301'])],
];

function normalizedTokens(type: string, contents: readonly string[]): Part {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };
  return definitionOf({ normalizer: { type }, added: contents.map((content) => ({ id: 9000, content, ...flags })) });
}

function split(pattern: string): Part {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

function nested(depth: number): string {
  const open = '{"type":"Sequence","processors":['.repeat(depth);
  const whole = JSON.stringify(definitionOf({}));
  return whole.replace('"post_processor":null', `"post_processor":${open}{"type":"ByteLevel"}${']}'.repeat(depth)}`);
}

describe('a hostile tokenizer.json', () => {
  it.each(HOSTILE)('with %s is refused, and the next tokenizer opens', async (_what, definition) => {
    await expect(opened(definition)).rejects.toMatchObject({ code: 'TOKENIZER_UNREADABLE', fault: 'config' });
    expect((await opened(definitionOf({}))).encode('hello').length).toBeGreaterThan(0);
  });

  it('that is refused says what its model is', async () => {
    const model = { type: 'Unigram', unk_id: 7, vocab: [['</s>', -1]] };
    await expect(opened(definitionOf({ model }))).rejects.toThrow(/model: Unigram\).*UnkIdNotInVocabulary/);
  });
});

describe('a text that the library fails on', () => {
  it('is an error with a code, and the texts after it are encoded', async () => {
    const other = await opened(definitionOf({}));
    const wanted = other.encode('hello');
    const fragile = await opened(definitionOf({ pre_tokenizer: split('(a+)+b') }));
    const before = fragile.encode('aab');
    const failing = (): unknown => fragile.encode('a'.repeat(60));
    expect(failing).toThrow(/can't encode a text of 60 characters: .*SIGABRT/);
    expect(failing).toThrow(expect.objectContaining({ code: 'TOKENIZER_FAILED', fault: 'validator' }));
    expect(fragile.encode('aab')).toEqual(before);
    expect(other.encode('hello')).toEqual(wanted);
  });

  it('is an error where no token stands for what is unknown', async () => {
    const model = {
      type: 'Unigram',
      unk_id: null,
      vocab: [
        ['</s>', -1],
        ['a', -2],
      ],
    };
    const tokenizer = await opened(definitionOf({ model }));
    expect(() => tokenizer.encode('b')).toThrow(/unk_id.*missing/);
    expect(tokenizer.encode('a')).toEqual([1]);
  });
});

describe('the process of the library', () => {
  it('is ended where it is late', () => {
    expect(() => new Encoder(1).open(DEFINITION)).toThrow(
      expect.objectContaining({ kind: 'ended', message: expect.stringContaining('within 1 ms') as unknown }),
    );
  });

  it('says where there is no binary of the library', async () => {
    const folder = script('');
    rmSync(join(folder, 'node_modules/tokenizers'));
    writeFileSync(
      join(folder, 'script.js'),
      `import { Encoder } from './encoder.js';
       try { new Encoder().open(${JSON.stringify(DEFINITION)}); } catch ({ kind, message }) { console.log(kind, message); }`,
    );
    expect((await run(folder)).stdout).toMatch(/^missing .*tokenizers/);
  });

  it('does not keep its caller alive', async () => {
    const folder = script('console.log(encoder.encode(definition, "hello").length);');
    expect((await run(folder)).stdout).toMatch(/^\d+\n$/);
  });

  it.skipIf(process.platform !== 'linux')(
    'ends with its caller, and with no signal before (read from /proc)',
    async () => {
      const folder = script('console.log("ready"); setInterval(() => {}, 1000);');
      const caller = spawn(process.execPath, [join(folder, 'script.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => caller.stdout.once('data', resolve));
      const children = childrenOf(caller.pid ?? 0);
      expect(children).toHaveLength(1);
      // As a terminal signals all processes of the validator, which ends in its own time.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) children.forEach((child) => process.kill(child, signal));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(children.filter(isRunning)).toEqual(children);
      caller.kill('SIGKILL');
      await expect.poll(() => children.filter(isRunning), { timeout: 10_000 }).toEqual([]);
    },
  );
});

/** A folder with the encoder and a script that has opened a tokenizer with it. */
function script(body: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-encoder-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const name of readdirSync(DIST).filter((each) => /^encoder.*\.js$/.test(each)))
    cpSync(join(DIST, name), join(folder, name));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['zod', 'tokenizers'])
    symlinkSync(
      dirname(createRequire(join(DIST, 'index.js')).resolve(`${name}/package.json`)),
      join(folder, 'node_modules', name),
    );
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'script.js'),
    `import { Encoder } from './encoder.js';
     const definition = ${JSON.stringify(DEFINITION)};
     const encoder = new Encoder();
     encoder.open(definition);
     ${body}`,
  );
  return folder;
}

const run = (folder: string): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [join(folder, 'script.js')], { timeout: 180_000 });

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number),
  );

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
