import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { configErrors } from '@assay/core/config/errors';
import { isAssayError } from '@assay/core/errors/assay-error';
import { issueLines, messageOf } from '@assay/core/errors/describe';
import { checkPlugin } from '@assay/core/plugin/check';
import { PLUGIN_API_VERSION, type CheckedPlugin } from '@assay/core/plugin/plugin';
import { provideOwnPackages } from './provided-packages.js';

const manifest = z.looseObject({
  name: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
  validator: z.looseObject({ plugin: z.boolean().optional(), apiVersion: z.number().optional() }).optional(),
});
type Manifest = z.infer<typeof manifest>;

export const isManifest = (packageJson: unknown): boolean => manifest.safeParse(packageJson).success;

/** Enough of a manifest to tell whose it wants to be, whatever else is wrong with it. */
const claim = z.looseObject({
  validator: z.looseObject({ plugin: z.unknown().optional() }).optional(),
  oclif: z.looseObject({ commands: z.unknown().optional(), hooks: z.unknown().optional() }).optional(),
});

/** What `validator plugins` keeps in its data folder. */
const dataFolder = z.looseObject({
  oclif: z
    .looseObject({
      plugins: z.array(z.looseObject({ name: z.string(), type: z.string(), root: z.string().optional() })).default([]),
    })
    .optional(),
});

export interface InstalledPackage {
  name: string;
  root: string;
}

/** Packages that `validator plugins install` and `link` have added and that say that they are ours. */
export async function installedPackages(dataDir: string): Promise<InstalledPackage[]> {
  return (await addedPackages(dataDir)).flatMap(({ claims, ...added }) => (claims === 'plugin' ? [added] : []));
}

/** What an added package wants to be: ours, one of commands alone, or nothing that anybody would notice. */
export type Claim = 'plugin' | 'commands' | 'nothing';

export async function addedPackages(dataDir: string): Promise<(InstalledPackage & { claims: Claim })[]> {
  const kept = dataFolder.safeParse(await jsonOf(join(dataDir, 'package.json')).catch(() => ({})));
  const listed = kept.success ? (kept.data.oclif?.plugins ?? []) : [];
  return Promise.all(
    listed.map(async ({ name, root = join(dataDir, 'node_modules', name) }) => ({
      name,
      root,
      claims: await claimOf(root),
    })),
  );
}

async function claimOf(root: string): Promise<Claim> {
  const { data } = claim.safeParse(await jsonOf(join(root, 'package.json')).catch(() => undefined));
  if (data?.validator?.plugin !== undefined && data.validator.plugin !== false) return 'plugin';
  return data?.oclif?.commands === undefined && data?.oclif?.hooks === undefined ? 'nothing' : 'commands';
}

/**
 * The plugin of a package at a folder, or in one module. Its manifest is looked at first: what is made for another version
 * never runs.
 * @param shown what the user called it
 * @throws PLUGIN_NOT_FOUND, PLUGIN_BROKEN, PLUGIN_API_VERSION, PLUGIN_MALFORMED
 */
export async function loadPackage(root: string, shown: string): Promise<CheckedPlugin> {
  return checkPlugin(shown, await importPackage(root, shown));
}

/** What a package exports, of whatever shape. @throws PLUGIN_NOT_FOUND, PLUGIN_BROKEN, PLUGIN_API_VERSION */
export async function importPackage(root: string, shown: string): Promise<unknown> {
  const entry = await entryIn(root, shown);
  provideOwnPackages();
  try {
    const module: unknown = await import(pathToFileURL(entry).href);
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  } catch (error) {
    throw configErrors.PLUGIN_BROKEN({ package: shown, reason: messageOf(error) }, error);
  }
}

/** A module's own file, or the one that a package's manifest names. */
async function entryIn(root: string, shown: string): Promise<string> {
  try {
    if (root.endsWith('js') && existsSync(root) && !existsSync(join(root, 'package.json'))) return root;
    return join(root, await entryOf(root, shown));
  } catch (error) {
    if (isAssayError(error)) throw error;
    const issues = issueLines(error) ?? (error instanceof SyntaxError ? [error.message] : undefined);
    if (issues)
      throw configErrors.PLUGIN_MALFORMED(
        { package: shown, issues: issues.map((issue) => `package.json: ${issue}`) },
        error,
      );
    throw configErrors.PLUGIN_NOT_FOUND({ package: shown, reason: messageOf(error) }, error);
  }
}

/** A package by name as node finds it from a folder, or by path. */
export async function findPackage(name: string, from: string): Promise<string> {
  if (name.startsWith('.') || isAbsolute(name)) {
    const path = resolve(from, name);
    if (existsSync(path)) return path;
    throw configErrors.PLUGIN_NOT_FOUND({ package: name, reason: `there is nothing at ${path}` });
  }
  const places = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  const found = places.map((place) => join(place, name)).find((path) => existsSync(join(path, 'package.json')));
  if (found !== undefined) return found;
  throw configErrors.PLUGIN_NOT_FOUND({ package: name, reason: `no node_modules from ${from} upwards has it` });
}

async function entryOf(root: string, shown: string): Promise<string> {
  const { validator, exports, main } = await manifestOf(root);
  const apiVersion = validator?.apiVersion;
  if (apiVersion !== undefined && apiVersion !== PLUGIN_API_VERSION)
    throw configErrors.PLUGIN_API_VERSION({ plugin: shown, apiVersion, wanted: PLUGIN_API_VERSION });
  return exportedEntry(exports) ?? main ?? 'index.js';
}

/** The file that `import` means, of node's conditions those that hold here. */
function exportedEntry(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  if ('.' in exports) return exportedEntry(exports['.']);
  for (const [condition, target] of Object.entries(exports)) {
    const entry: string | undefined = ['import', 'node', 'default', 'module-sync'].includes(condition)
      ? exportedEntry(target)
      : undefined;
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** What a package calls itself; undefined for a module without a package.json. */
export async function nameOf(root: string): Promise<string | undefined> {
  const { data } = manifest.safeParse(await packageJsonOf(root));
  return data?.name;
}

/** A package's own package.json, of whatever shape; undefined for a module without one. */
export async function packageJsonOf(root: string): Promise<unknown> {
  return jsonOf(join(root, 'package.json')).catch(() => undefined);
}

async function manifestOf(root: string): Promise<Manifest> {
  return manifest.parse(await jsonOf(join(root, 'package.json')));
}

const jsonOf = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8')) as unknown;
