import { gzipSync } from 'node:zlib';
import type { ModelInspector } from '@assay/core/contracts/evaluator';
import { foreignContent } from '@assay/core/model/foreign-content';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembled, tinyFolder, tinyTensors } from './folders.js';
import { errorOf, newInspector } from './worlds.js';

const { signal } = new AbortController();
let inspector: ModelInspector;
beforeAll(async () => {
  inspector = await newInspector();
});
afterAll(() => inspector.close());

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 4976698672\n`;
const PAGE = '<!DOCTYPE html>\n<html lang="en"><head><title>Sign in</title></head><body></body></html>';
const INDEX = 'model.safetensors.index.json';

const FOREIGN: [what: string, content: string | Buffer, says: RegExp][] = [
  ['a pointer of git-lfs', POINTER, /git-lfs/],
  ['a web page', PAGE, /web page \(HTML\)/],
  ['a web page after a comment', `\n<!-- saved from a hub -->\n<html></html>`, /web page \(HTML\)/],
  ['a web page with a byte order mark', `\ufeff<HTML>`, /web page \(HTML\)/],
  ['an XML error', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /XML/],
  ['a zip archive', Buffer.from('504b0304140000000800', 'hex'), /zip archive/],
  ['a pickle', Buffer.from('80027d7100580a000000', 'hex'), /pickle/],
  ['GGUF', Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(64)]), /GGUF/],
  ['gzip', gzipSync(assembled(tinyTensors())), /gzip/],
  ['HDF5', Buffer.from('894844460d0a1a0a0000', 'hex'), /HDF5/],
  ['nothing', '', /empty/],
];

describe('another file under the name of', () => {
  it.each(FOREIGN)('the weights: %s', async (_what, content, says) => {
    const error = await errorOf(inspector.inspect(tinyFolder({}, { 'model.safetensors': content }), signal));
    expect(error).toMatchObject({ code: 'SAFETENSORS_MALFORMED', fault: 'miner', retry: 'never' });
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/header/);
  });

  it.each(FOREIGN)('the config: %s', async (_what, content, says) => {
    const error = await errorOf(inspector.inspect(tinyFolder({}, { 'config.json': content }), signal));
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE', fault: 'miner' });
    expect(error.message).toMatch(says);
  });

  it.each(FOREIGN)('the index: %s', async (_what, content, says) => {
    const folder = tinyFolder({}, { 'model.safetensors': undefined, [INDEX]: content });
    const error = await errorOf(inspector.inspect(folder, signal));
    expect(error).toMatchObject({ code: 'INDEX_MALFORMED', fault: 'miner' });
    expect(error.message).toMatch(says);
  });

  it.each([
    ['weights', assembled(tinyTensors())],
    ['JSON', Buffer.from('{"a": "<html>"}')],
    ['other text', Buffer.from('version 1')],
  ])('%s are nothing foreign', (_what, content) => {
    expect(foreignContent(content)).toBeUndefined();
  });

  it('a valid file whose length looks like gzip is taken', async () => {
    const plain = assembled(tinyTensors());
    const length = Number(plain.readBigUInt64LE(0));
    const header = plain.subarray(8, 8 + length);
    const wanted = Buffer.from('1f8b080000000000', 'hex');
    const padded = Buffer.concat([header, Buffer.alloc(Number(wanted.readBigUInt64LE(0)) - length, 0x20)]);
    const file = Buffer.concat([wanted, padded, plain.subarray(8 + length)]);
    await expect(inspector.inspect(tinyFolder({}, { 'model.safetensors': file }), signal)).resolves.toMatchObject({
      parameterCount: 1016,
    });
  });
});
