import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import {
  evaluatorHello,
  evaluatorMessage,
  evaluatorNotice,
  evaluatorRequest,
} from '@assay/core/contracts/evaluator-protocol';
import { textLossCanary } from '@assay/core/kinds/text-loss/canary';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../e2e/world.js';

const page = readFileSync(join(ROOT, 'docs', 'build', 'evaluator-protocol.md'), 'utf8');
const schema = JSON.parse(readFileSync(join(ROOT, 'docs', 'reference', 'evaluator-protocol.schema.json'), 'utf8')) as {
  anyOf: unknown;
  $defs: Record<string, unknown>;
};

/** The schema of what one side writes. */
const sideOf = (...names: string[]): ValidateFunction =>
  new Ajv2020().compile({ ...schema, anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) });

/** Each line of the page that is a message: one that goes on is indented. */
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block
    .trim()
    .split(/\n(?=\{)/)
    .map((text) => [text.slice(0, 60).replaceAll('\n', ' '), JSON.parse(text) as unknown] as const),
);

describe('docs/build/evaluator-protocol.md', () => {
  it.each(examples)('%s is a line of the protocol, by the program and by the published schema', (_name, line) => {
    const parsers = [evaluatorRequest, evaluatorNotice, evaluatorHello, evaluatorMessage];
    expect(parsers.some((parser) => parser.safeParse(line).success)).toBe(true);
    expect(sideOf('request', 'notice', 'hello', 'message')(line)).toBe(true);
  });

  it('shows every kind of line', () => {
    const types = examples.map(([, line]) => (line as { type: string }).type);
    expect([...new Set(types)].sort()).toEqual(
      [
        'answer',
        'cancel',
        'evaluate',
        'facts',
        'fault',
        'hello',
        'inspect',
        'losses',
        'prepare',
        'progress',
        'release',
        'sample',
        'sampled',
        'tensors',
        'values',
      ].sort(),
    );
  });
});

describe('the published schema', () => {
  it('takes what our own program writes, and what it is asked', async () => {
    const worker = spawn(process.execPath, [join(ROOT, 'plugins', 'onnxruntime', 'dist', 'worker.js')]);
    try {
      const { model, task } = await textLossCanary();
      const { facts, files, directory } = model;
      const wire = { digest: facts.evaluationDigest, architecture: facts.architecture, files, directory };
      const request = { type: 'evaluate', id: '1', model: wire, tasks: [task], deadlineMs: 60_000, keep: true };
      expect(sideOf('request', 'notice')(request)).toBe(true);
      worker.stdin.write(`${JSON.stringify(request)}\n`);
      const ofProgram = sideOf('hello', 'message');
      const types: unknown[] = [];
      for await (const line of createInterface({ input: worker.stdout })) {
        const message = JSON.parse(line) as { type: string };
        expect(ofProgram(message), JSON.stringify(ofProgram.errors)).toBe(true);
        types.push(message.type);
        if (message.type === 'answer' || message.type === 'fault') break;
      }
      expect(types).toEqual(['hello', 'progress', 'progress', 'losses', 'losses', 'answer']);
    } finally {
      worker.kill('SIGKILL');
    }
  });

  it.each([
    ['a hello of version 1', { type: 'hello', protocol: 1, name: 'a', kinds: [], operations: [] }],
    [
      'a hello without architectures',
      {
        type: 'hello',
        protocol: 2,
        name: 'a',
        kinds: [],
        operations: [],
        numerics: { device: 'a', computeType: 'b', runtime: 'c', attention: 'd' },
      },
    ],
    ['losses that are none', { type: 'losses', id: '1', task: 't', from: 0, losses: [] }],
    ['a loss that is text', { type: 'losses', id: '1', task: 't', from: 0, losses: ['1'] }],
    ['progress of a phase that is not', { type: 'progress', id: '1', phase: 'score' }],
  ])('refuses %s', (_what, line) => {
    expect(sideOf('hello', 'message')(line)).toBe(false);
  });
});
