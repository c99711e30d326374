import { cp, mkdir, mkdtemp, realpath, symlink } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '@assay/core/errors/describe';
import { filesToPack } from '../npm.js';
import { findPackage, packageJsonOf } from '../plugin-packages.js';
import { competitionErrors } from './errors.js';

const names = z.record(z.string(), z.unknown()).default({}).catch({});
const manifest = z.object({
  name: z.string().optional().catch(undefined),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});

/**
 * A package as it is where it is installed: the files that npm packs, in a temporary folder, beside the dependencies that
 * its package.json names and nothing else. The folder is deleted when the process exits.
 * @throws PACKAGE_UNPACKABLE
 */
export async function packedCopy(root: string, shown: string): Promise<string> {
  const { name = 'package', ...needs } = manifest.parse(await packageJsonOf(root));
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'assay-check-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const modules = join(folder, 'node_modules');
  const files = await filesToPack(root).catch((error: unknown) => {
    throw competitionErrors.PACKAGE_UNPACKABLE({ package: shown, reason: saidByNpm(error) }, error);
  });
  for (const path of files) await cp(join(root, path), join(modules, name, path));
  const dependencies = Object.keys({ ...needs.dependencies, ...needs.optionalDependencies, ...needs.peerDependencies });
  for (const dependency of dependencies) {
    // A missing one shows when the package is loaded, with the name of the file that needs it.
    const found = await findPackage(dependency, root).catch(() => undefined);
    if (found === undefined || dependency.startsWith('@assay/')) continue;
    await mkdir(dirname(join(modules, dependency)), { recursive: true });
    await symlink(await realpath(found), join(modules, dependency));
  }
  return join(modules, name);
}

/** npm's own words, without the command line that Node puts before them. */
function saidByNpm(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return stderr === '' ? messageOf(error) : stderr.replaceAll(/^npm (?:error|ERR!) ?/gm, '');
}
