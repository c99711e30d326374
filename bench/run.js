// npm run bench -- NAME: measures one thing on this machine and prints a table. Nothing here is a test.
import { readdir } from 'node:fs/promises';

const names = (await readdir(import.meta.dirname)).flatMap((file) =>
  file.endsWith('.bench.js') ? [file.replace('.bench.js', '')] : [],
);
const [name] = process.argv.slice(2);
if (!names.includes(name)) {
  process.stderr.write(`usage: npm run bench -- ${names.join(' | ')}\n`);
  process.exit(2);
}
await import(`./${name}.bench.js`);
