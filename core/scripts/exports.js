// Writes `exports` of core/package.json: node core/scripts/exports.js [--check]
//
// First come the public entries, one for each file of src/entries: authors of packages may rely on them. After them come the
// modules that packages of this repository import by path; they may change in any version. Everything else is internal.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const MANIFEST = join(ROOT, 'core', 'package.json');
const IMPORTERS = ['libs', 'plugins', 'competitions', 'cli', 'test', 'bench'];
const SKIPPED = new Set(['dist', 'node_modules', 'fixtures', 'assets']);

/** Source files below a folder. */
function* sourcesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* sourcesIn(path);
    else if (entry.isFile() && /\.[mc]?[jt]s$/.test(entry.name)) yield path;
  }
}

/** Paths of modules of the core that a text imports, without `@assay/core/`. */
const importedIn = (text) => [...text.matchAll(/['"]@assay\/core\/([a-z0-9/-]+)['"]/g)].map(([, path]) => path);

const entries = readdirSync(join(ROOT, 'core', 'src', 'entries')).map((file) => file.replace(/\.ts$/, ''));
const imported = IMPORTERS.flatMap((folder) => [...sourcesIn(join(ROOT, folder))]).flatMap((file) =>
  importedIn(readFileSync(file, 'utf8')),
);
const modules = [...new Set(imported)].filter(
  (path) => !entries.includes(path) && existsSync(join(ROOT, 'core', 'src', `${path}.ts`)),
);

const wanted = Object.fromEntries([
  ['.', './dist/index.js'],
  ...entries.sort().map((name) => [`./${name}`, `./dist/entries/${name}.js`]),
  ['./package.json', './package.json'],
  ...modules.sort().map((path) => [`./${path}`, `./dist/${path}.js`]),
]);

const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'));
if (JSON.stringify(manifest.exports) === JSON.stringify(wanted)) process.exit();
if (process.argv.includes('--check')) {
  const listed = Object.keys(manifest.exports);
  const lacks = Object.keys(wanted).filter((path) => !listed.includes(path));
  const unused = listed.filter((path) => !(path in wanted));
  process.stderr.write(
    `exports of core/package.json: these are missing: ${lacks.join(', ') || 'none'}, these are not imported: ${unused.join(', ') || 'none'}; run npm run exports\n`,
  );
  process.exit(1);
}
writeFileSync(MANIFEST, `${JSON.stringify({ ...manifest, exports: wanted }, null, 2)}\n`);
