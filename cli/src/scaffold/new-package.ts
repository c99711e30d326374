import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { messageOf } from '@assay/core/errors/describe';
import type { PluginRegistry } from '@assay/core/plugin/registry';
import { IMPLEMENTATIONS } from '../built-in-plugins.js';
import { competitionErrors } from '../competitions/errors.js';
import { packInto } from '../npm.js';
import { scaffoldErrors } from './errors.js';

/** Folders of the packages that a new package is developed with. */
export interface HostPackages {
  validator: string;
  core: string;
  demo: string;
}

export interface NewPackage {
  what: 'competition' | 'subnet';
  name: string;
  /** Where the package is made: empty, or not there. */
  folder: string;
  packages: HostPackages;
  /** Contents by path, beside package.json, tsconfig.json and what every new package has under assets/ and vendor/. */
  files: Readonly<Record<string, string>>;
  scripts: Readonly<Record<string, string>>;
  /** What it needs when it runs. */
  dependencies?: Readonly<Record<string, string>>;
}

/** Texts that a new package begins with. */
const ROWS = 40;

/** @throws PACKAGE_NAME_INVALID, PACKAGE_NAME_TAKEN */
export function requireName(what: NewPackage['what'], name: string, installed: PluginRegistry): void {
  if (!/^[a-z0-9][a-z0-9-]{0,59}$/.test(name)) throw scaffoldErrors.PACKAGE_NAME_INVALID({ what, name });
  const taken: readonly (readonly [by: string, names: readonly string[]])[] = [
    ['competition', installed.competitions().map((competition) => competition.name)],
    ['subnet', installed.profiles().map((profile) => profile.name)],
    ['plugin', [...installed.names(), ...Object.keys(IMPLEMENTATIONS)]],
  ];
  const holder = taken.find(([, names]) => names.includes(name));
  if (holder) throw scaffoldErrors.PACKAGE_NAME_TAKEN({ name, by: holder[0] });
}

/**
 * Writes a package that installs, builds and passes its checks. Everything that can fail for another reason than the
 * folder is done in a temporary folder first, so that a failure leaves no half a package.
 * @returns the paths that were written
 * @throws PACKAGE_FOLDER_TAKEN, PACKAGE_FOLDER_UNWRITABLE, PACKAGE_UNPACKABLE
 */
export async function writePackage(made: NewPackage): Promise<string[]> {
  await requireEmpty(made.folder);
  const draft = await mkdtemp(join(tmpdir(), 'assay-new-'));
  try {
    const { demo, core } = made.packages;
    const tarball = await vendored(draft, core);
    const folder = await madeFolder(made.folder);
    const files: Record<string, string> = {
      ...made.files,
      'package.json': packageJson({ ...made, folder }, tarball),
      'tsconfig.json': TSCONFIG,
      'assets/texts.jsonl': await firstTexts(demo),
    };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await writeFile(join(draft, path), content);
    }
    await cp(join(demo, 'assets', 'tokenizer'), join(draft, 'assets', 'tokenizer'), { recursive: true });
    await moveInto(folder, draft);
    return [...Object.keys(files), 'assets/tokenizer/', 'vendor/'].sort();
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** @throws PACKAGE_FOLDER_TAKEN, PACKAGE_FOLDER_UNWRITABLE */
async function requireEmpty(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length > 0) throw scaffoldErrors.PACKAGE_FOLDER_TAKEN({ folder });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw scaffoldErrors.PACKAGE_FOLDER_TAKEN({ folder });
    if (code === 'PACKAGE_FOLDER_TAKEN') throw error;
    throw scaffoldErrors.PACKAGE_FOLDER_UNWRITABLE({ folder, reason: messageOf(error) }, error);
  }
}

/** The folder without symbolic links: npm resolves relative dependencies from there. @throws PACKAGE_FOLDER_UNWRITABLE */
async function madeFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch (error) {
    throw scaffoldErrors.PACKAGE_FOLDER_UNWRITABLE({ folder, reason: messageOf(error) }, error);
  }
}

/** Copies all of the draft, or nothing. @throws PACKAGE_FOLDER_UNWRITABLE */
async function moveInto(folder: string, draft: string): Promise<void> {
  try {
    await cp(draft, folder, { recursive: true });
  } catch (error) {
    for (const entry of await readdir(draft)) await rm(join(folder, entry), { recursive: true, force: true });
    throw scaffoldErrors.PACKAGE_FOLDER_UNWRITABLE({ folder, reason: messageOf(error) }, error);
  }
}

const firstTexts = async (demo: string): Promise<string> =>
  (await readFile(join(demo, 'assets', 'texts', 'heldout.jsonl'), 'utf8')).split('\n').slice(0, ROWS).join('\n');

/**
 * The core as a tarball inside the new package: it type-checks wherever it is copied to, although no registry has the core.
 * @returns its path in the package
 * @throws PACKAGE_UNPACKABLE
 */
async function vendored(folder: string, core: string): Promise<string> {
  await mkdir(join(folder, 'vendor'));
  try {
    await packInto(join(folder, 'vendor'), core);
  } catch (error) {
    throw competitionErrors.PACKAGE_UNPACKABLE({ package: core, reason: messageOf(error) }, error);
  }
  const [tarball = ''] = await readdir(join(folder, 'vendor'));
  return `vendor/${tarball}`;
}

function packageJson(made: NewPackage, core: string): string {
  const { what, name, folder, packages, scripts, dependencies } = made;
  const from = (path: string): string => `file:${relative(folder, path)}`;
  const manifest = {
    name: `${what}-${name}`,
    version: '0.1.0',
    description: `The ${what} ${name}.`,
    private: true,
    type: 'module',
    exports: './dist/index.js',
    files: ['dist', 'assets'],
    validator: { plugin: true, apiVersion: 1 },
    oclif: {},
    scripts,
    ...(dependencies && { dependencies }),
    devDependencies: {
      '@assay/competition-demo': from(packages.demo),
      '@assay/core': `file:${core}`,
      '@assay/validator': from(packages.validator),
      typescript: '6.0.3',
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023", "module": "nodenext", "strict": true, "noUncheckedIndexedAccess": true, "verbatimModuleSyntax": true,
    "skipLibCheck": true, "types": [], "lib": ["es2023", "dom"], "rootDir": "src", "outDir": "dist", "declaration": true
  },
  "include": ["src"]
}
`;
