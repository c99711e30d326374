import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { competitionSource } from './competition-source.js';
import { writePackage, type HostPackages } from './new-package.js';
import { INDEX_SOURCE, profileSource, RULES_SOURCE } from './subnet-sources.js';
import { subnetConfig, subnetReadme, subnetTest } from './subnet-files.js';

interface NewSubnet {
  name: string;
  netuid: number;
  /** Where the package is made: empty, or not there. */
  folder: string;
  packages: HostPackages;
}

/** Version key of the weights in a new profile. */
const VERSION_KEY = 1n;
const run = promisify(execFile);

/**
 * A package of a subnet: a profile that chooses rules by name, one competition, tests, and a config and a genesis for the
 * embedded network.
 * @returns the files that were written
 * @throws PACKAGE_FOLDER_TAKEN, PACKAGE_FOLDER_UNWRITABLE, PACKAGE_UNPACKABLE
 */
export async function scaffoldSubnet({ name, netuid, folder, packages }: NewSubnet): Promise<string[]> {
  const models = 'node node_modules/@assay/competition-demo/dist/main.js .data --models';
  return writePackage({
    what: 'subnet',
    name,
    folder,
    packages,
    files: {
      'README.md': subnetReadme(name),
      '.gitignore': 'node_modules/\ndist/\n.data/\n',
      'validator.yaml': subnetConfig(name),
      'genesis.json': await genesisOf(netuid, packages.demo),
      'src/competition.ts': competitionSource(name),
      'src/rules.ts': RULES_SOURCE,
      'src/profile.ts': profileSource(name, netuid, VERSION_KEY),
      'src/index.ts': INDEX_SOURCE,
      'test/subnet.test.js': subnetTest(name),
    },
    scripts: {
      build: 'tsc',
      test: 'tsc && validator competition check . && node --test test/subnet.test.js',
      start: `tsc && ${models} && validator run --config validator.yaml --once`,
    },
    dependencies: { zod: '4.6.7' },
  });
}

/** The demo's miners on a network of this number: which claims there are depends on the hashes of their models. */
async function genesisOf(netuid: number, demo: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-genesis-'));
  try {
    await run(process.execPath, [
      join(demo, 'dist', 'main.js'),
      folder,
      ...['--netuid', String(netuid)],
      ...['--weights-version-key', String(VERSION_KEY)],
    ]);
    return await readFile(join(folder, 'network', 'genesis.json'), 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
