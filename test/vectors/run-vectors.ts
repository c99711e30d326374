import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KINDS } from './kinds/index.js';
import { fields, type UnitResult, type VectorWorld } from './unit.js';

export interface FileReport {
  name: string;
  passed: number;
  failed: number;
  byRule: number;
  skipped: { unit: string; detail: string }[];
  failures: { unit: string; detail: string }[];
}

/** Every .json file of a folder through the functions that the product runs. */
export async function runVectors(folder: string, world: VectorWorld = { metadata: undefined }): Promise<FileReport[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map(async (name) => reportOf(basename(name, '.json'), await unitsOf(folder, name, world))));
}

async function unitsOf(folder: string, fileName: string, world: VectorWorld): Promise<UnitResult[]> {
  const name = basename(fileName, '.json');
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) return [{ unit: 'file', status: 'failed', detail: `no kind is called ${name}` }];
  try {
    return await kind(fields(JSON.parse(await readFile(join(folder, fileName), 'utf8'))), world);
  } catch (error) {
    return [{ unit: 'file', status: 'failed', detail: error instanceof Error ? error.message : String(error) }];
  }
}

function reportOf(name: string, units: readonly UnitResult[]): FileReport {
  const count = (status: UnitResult['status']): number => units.filter((unit) => unit.status === status).length;
  const those = (wanted: UnitResult['status']): { unit: string; detail: string }[] =>
    units.flatMap(({ unit, status, detail }) => (status === wanted ? [{ unit, detail: detail ?? '' }] : []));
  const failures = those('failed');
  return {
    name,
    passed: count('passed'),
    failed: failures.length,
    byRule: count('rule'),
    skipped: those('skipped'),
    failures,
  };
}
