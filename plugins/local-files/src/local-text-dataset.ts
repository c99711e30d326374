import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DatasetProvider, DatasetSample, SampleRequest } from '@assay/core/contracts/dataset-provider';
import { isAssayError } from '@assay/core/errors/assay-error';
import { batchesOf } from '@assay/core/sampling/packing';
import { localFilesErrors } from './errors.js';
import { PythonRandom } from '@assay/core/sampling/python-random';

interface LocalTextOptions {
  /** A .jsonl or .txt file, or a folder of them. */
  path: string;
  /** Field of a .jsonl row that holds the text; a .txt file is one row. */
  textField: string;
  /** Rows of one page. */
  pageRows: number;
}

/** Rounds of new pages while the buffer holds less than one sequence. */
const MAX_REFILLS = 14;

/**
 * Rows of local text files, drawn as the reference's simple loaders draw theirs: a page is `pageRows` rows from a random
 * row on, pages may repeat, each row is cut at the tokenizer's limit and ended by its end-of-text token.
 */
export class LocalTextDataset implements DatasetProvider {
  #rows: { texts: string[]; digest: string } | undefined;

  constructor(private readonly options: LocalTextOptions) {}

  async sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> {
    signal.throwIfAborted();
    this.#rows ??= await readTexts(this.options);
    const { texts, digest } = this.#rows;
    const { tokenizer, sequenceLength } = request;
    const random = new PythonRandom(request.seed);
    const pages: string[] = [];
    let stream: number[] = [];
    for (let refill = 0; refill <= MAX_REFILLS && stream.length < sequenceLength; refill += 1) {
      // Like the simple loaders: what was too little is dropped, and new pages are drawn.
      const drawn = this.#draw(random, texts.length, request.pages);
      pages.push(...drawn.map((first) => `${first}`));
      stream = drawn
        .flatMap((first) => texts.slice(first, first + this.options.pageRows))
        .flatMap((text) => {
          const ids = tokenizer.encode(text).slice(0, tokenizer.modelMaxLength);
          return [...ids, tokenizer.eosTokenId];
        });
      signal.throwIfAborted();
    }
    return { batches: batchesOf(stream, request), pages, source: `sha256:${digest}` };
  }

  async requireAccess(): Promise<void> {
    this.#rows ??= await readTexts(this.options);
  }

  /** First rows of as many pages. */
  #draw(random: PythonRandom, rows: number, pages: number): number[] {
    return Array.from({ length: pages }, () => random.randint(0, Math.max(0, rows - this.options.pageRows)));
  }
}

async function readTexts({ path, textField }: LocalTextOptions): Promise<{ texts: string[]; digest: string }> {
  const hash = createHash('sha256');
  const texts: string[] = [];
  try {
    const { files, isFolder } = await textFiles(path);
    for (const file of files) {
      const content = await readFile(file);
      // One file has the digest that sha256sum gives it; in a folder, names and sizes tell where each one ends.
      if (isFolder) hash.update(`${basename(file)}\0${content.length}\0`);
      hash.update(content);
      if (file.endsWith('.txt')) texts.push(content.toString('utf8'));
      else for (const text of rowsOf(content.toString('utf8'), file, textField)) texts.push(text);
    }
  } catch (error) {
    if (isAssayError(error) || !(error instanceof Error)) throw error;
    throw localFilesErrors.TEXT_FILE_UNREADABLE({ path, reason: error.message }, error);
  }
  if (texts.length === 0) throw localFilesErrors.TEXT_FILE_UNREADABLE({ path, reason: 'there is no row in it' });
  return { texts, digest: hash.digest('hex') };
}

async function textFiles(path: string): Promise<{ files: string[]; isFolder: boolean }> {
  if (!(await stat(path)).isDirectory()) return { files: [path], isFolder: false };
  const names = (await readdir(path)).filter((name) => name.endsWith('.jsonl') || name.endsWith('.txt')).sort();
  return { files: names.map((name) => join(path, name)), isFolder: true };
}

/** One row a line, empty lines apart. The file is the operator's own: a line that is no row is told, not passed over. */
function rowsOf(content: string, file: string, field: string): string[] {
  return content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return [];
      const text = textOf(line, field);
      if (text === undefined) throw localFilesErrors.TEXT_ROW_INVALID({ file, line: index + 1, field });
      return [text];
    });
}

function textOf(line: string, field: string): string | undefined {
  try {
    const row: unknown = JSON.parse(line);
    const text: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, field) : undefined;
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
