import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { tokenizerFolder } from '@assay/plugin-tokenizers/dist/tokenizer-folder.js';
import type { Part } from './definitions.js';

/** A folder with both files, gone after the test. */
function folderOf(definition: Part | string, config: Part = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-ids-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const json = typeof definition === 'string' ? definition : JSON.stringify(definition);
  writeFileSync(join(folder, 'tokenizer.json'), json);
  const whole = { eos_token: '</s>', tokenizer_class: 'PreTrainedTokenizerFast', ...config };
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(whole));
  return folder;
}

/** The tokenizer of both files. */
export const opened = (definition: Part | string, config: Part = {}): Promise<Tokenizer> =>
  tokenizerFolder(folderOf(definition, config));

/** The tokenizer of both files, and what transformers would change in it. */
export async function openedWithWarnings(
  definition: Part | string,
  config: Part = {},
): Promise<{ tokenizer: Tokenizer; warnings: string[] }> {
  const warnings: string[] = [];
  const tokenizer = await tokenizerFolder(
    folderOf(definition, config),
    undefined,
    (reason) => void warnings.push(reason),
  );
  return { tokenizer, warnings };
}
