import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJsonObject } from '@assay/core/model/json-object';

/** From which version on each followed version is the nearest, newest first. */
const FOLLOWED: readonly { from: readonly [number, number]; library: string }[] = [
  { from: [5, 0], library: '5' },
  { from: [4, 45], library: '4.57' },
  { from: [0, 0], library: '4.44' },
];

/**
 * The followed version that is nearest to the one that saved a folder, as its config.json says. For people who score a folder of
 * their own: a validator never lets a model choose.
 * @returns undefined where config.json does not say it
 */
export async function libraryThatSaved(directory: string): Promise<string | undefined> {
  try {
    const { transformers_version: saved } = parseJsonObject(await readFile(join(directory, 'config.json')));
    const [, major, minor] = /^(\d{1,3})\.(\d{1,3})/.exec(typeof saved === 'string' ? saved : '') ?? [];
    if (major === undefined) return undefined;
    const version = [Number(major), Number(minor)] as const;
    return FOLLOWED.find(({ from }) => version[0] > from[0] || (version[0] === from[0] && version[1] >= from[1]))
      ?.library;
  } catch {
    // Inspection tells what is wrong with the file.
    return undefined;
  }
}
