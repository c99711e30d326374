import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { dropWalletPasswords } from './wallet-passwords.js';

const run = promisify(execFile);
const LONGEST_LIST = 64 * 1024 * 1024;

const packed = z.object({ files: z.array(z.object({ path: z.string() })) });
/** A list of packages; an object by name since npm 12. */
const packedPackages = z.union([z.array(packed), z.record(z.string(), packed)]);

/** Paths of the files that npm packs of a package. Its scripts do not run. Rejects with what npm says. */
export async function filesToPack(root: string): Promise<string[]> {
  const { stdout } = await npm(root, ['--dry-run', '--json']);
  return Object.values(packedPackages.parse(JSON.parse(stdout))).flatMap(({ files }) => files.map(({ path }) => path));
}

/** Packs a package into a tarball in the folder. Rejects with what npm says. */
export async function packInto(folder: string, root: string): Promise<void> {
  await npm(root, ['--pack-destination', folder]);
}

const npm = (cwd: string, args: readonly string[]): Promise<{ stdout: string }> =>
  run('npm', ['pack', '--ignore-scripts', '--loglevel', 'error', ...args], {
    cwd,
    maxBuffer: LONGEST_LIST,
    env: dropWalletPasswords({ ...process.env }),
  });
