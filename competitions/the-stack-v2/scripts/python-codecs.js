// Where Python's text codecs differ from iconv-lite's: node scripts/python-codecs.js FOLDER, of python-codecs.py. Writes the asset,
// and the digests that the tests compare with.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unitText, unitsOf } from '../dist/codecs/units.js';

const [folder] = process.argv.slice(2);
const readJson = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const codecs = {};
const digests = {};
for (const name of readdirSync(folder)
  .map((file) => basename(file, '.json'))
  .filter((codec) => codec !== 'aliases')
  .sort()) {
  const python = new Map(Object.entries(readJson(`${name}.json`)));
  const [refused, differs, hash] = [[], {}, createHash('sha256')];
  const alone = (byte) => python.has(byte.toString(16).padStart(2, '0'));
  let wasRefused = false;
  for (const unit of unitsOf(name, alone)) {
    const key = unit.toString('hex');
    const [theirs, ours] = [python.get(key), unitText(name, unit)];
    if (theirs !== undefined) hash.update(`${key} ${theirs}\n`);
    const isRefused = theirs === undefined && ours !== undefined;
    const last = refused.at(-1);
    if (isRefused && wasRefused && last?.[0].length === key.length) last[1] = key;
    else if (isRefused) refused.push([key, key]);
    wasRefused = isRefused;
    if (theirs !== undefined && theirs !== ours) differs[key] = theirs;
  }
  const refuses = refused.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(' ');
  codecs[name] = { ...(refuses && { refuses }), ...(Object.keys(differs).length > 0 && { differs }) };
  digests[name] = { units: python.size, digest: hash.digest('hex') };
}

/** What an editor would not show, or would show elsewhere. */
const INVISIBLE = /[\u007f-\u00ad\u200b-\u200f\u2028-\u202f\u2066-\u2069\ue000-\uf8ff\ufeff]/g;
const visible = (json) =>
  json.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A line for each codec. */
const lines = (entries) =>
  Object.entries(entries)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${visible(JSON.stringify(value))}`)
    .join(',\n');
const about =
  'Names of CPython 3.11 for its text codecs; for each codec what it refuses, or reads otherwise than iconv-lite. Made by scripts/python-codecs.js';
const asset = `{\n "about": ${JSON.stringify(about)},\n "aliases": ${JSON.stringify(readJson('aliases.json'))},\n "codecs": {\n${lines(codecs)}\n }\n}\n`;
const root = join(import.meta.dirname, '..');
writeFileSync(join(root, 'assets', 'python-codecs.json'), asset);
writeFileSync(join(root, 'test', 'fixtures', 'python-codecs.json'), `{\n${lines(digests)}\n}\n`);
