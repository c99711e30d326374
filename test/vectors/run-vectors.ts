import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KINDS } from './kinds/index.js';
import { fields, type UnitResult } from './unit.js';

export interface FileReport {
  name: string;
  passed: number;
  failed: number;
  byRule: number;
  failures: { unit: string; detail: string }[];
}

/** Every .json file of a folder through the functions that the product runs. */
export async function runVectors(folder: string): Promise<FileReport[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map(async (name) => reportOf(basename(name, '.json'), await unitsOf(folder, name))));
}

async function unitsOf(folder: string, fileName: string): Promise<UnitResult[]> {
  const name = basename(fileName, '.json');
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) return [{ unit: 'file', status: 'failed', detail: `no kind is called ${name}` }];
  try {
    return await kind(fields(JSON.parse(await readFile(join(folder, fileName), 'utf8'))));
  } catch (error) {
    return [{ unit: 'file', status: 'failed', detail: error instanceof Error ? error.message : String(error) }];
  }
}

function reportOf(name: string, units: readonly UnitResult[]): FileReport {
  const count = (status: UnitResult['status']): number => units.filter((unit) => unit.status === status).length;
  const failures = units.flatMap(({ unit, status, detail }) =>
    status === 'failed' ? [{ unit, detail: detail ?? '' }] : [],
  );
  return { name, passed: count('passed'), failed: failures.length, byRule: count('rule'), failures };
}
