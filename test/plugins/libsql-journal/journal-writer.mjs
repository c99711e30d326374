// A writer as a process of its own, so that it can be killed: FOLDER commit|hold.
// Prints `ready`, then each record's number once its commit has resolved.
import { openJournal } from '@assay/plugin-libsql-journal';

const [folder, what] = process.argv.slice(2);
const journal = openJournal({ folder, mode: 'write' });
process.stdout.write('ready\n');

if (what === 'hold') setInterval(() => undefined, 1000);
else for (let round = 1; ; round += 1) await commitOne(round);

async function commitOne(round) {
  const record = await journal.commit({
    append: { entry: { round, padding: 'x'.repeat(500 * (round % 7)) } },
    put: [{ table: 'last', key: 'number', value: (journal.head()?.number ?? 0) + 1 }],
  });
  process.stdout.write(`${record.number}\n`);
}
