import { createHash } from 'node:crypto';
import { directoryHash, secureHash, type HashedFile } from '@assay/core/model/directory-hash';
import { equal, fields, list, number, text, units, type Fields, type Kind } from '../unit.js';

export const hashes: Kind = (content) => [
  ...units(content, 'directories', (given) => {
    const files = list(given['files']).map((file) => hashedFile(fields(file)));
    const directory = directoryHash(files);
    equal('directory hash', directory, given['directory_hash']);
    for (const [hotkey, expected] of Object.entries(fields(given['secure'])))
      equal(`secure ${hotkey}`, secureHash(directory, hotkey), expected);
    return 'reference';
  }),
  ...units(content, 'two_strings', (given) => {
    equal('hash', secureHash(text(given['a']), text(given['b'])), given['hash']);
    return 'reference';
  }),
];

function hashedFile(file: Fields): HashedFile {
  const content =
    file['base64'] === undefined
      ? Buffer.alloc(number(file['size']), number(file['fill_byte']))
      : Buffer.from(text(file['base64']), 'base64');
  const digest = createHash('sha256').update(content).digest();
  equal('sha256', digest.toString('base64'), file['sha256_b64']);
  return { path: text(file['path']), sha256: digest.toString('hex') };
}
