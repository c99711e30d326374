// A writer as a process of its own, so that it can be killed: FOLDER commit|hold|die, and for die a statement's number.
// Prints `ready`, then each record's number once its commit has resolved.
import { join } from 'node:path';
import { digestOf, partDigest } from '@assay/core/journal/hash';
import { openJournal } from '@assay/plugin-libsql-journal';
import { FolderLock } from '@assay/plugin-libsql-journal/dist/folder-lock.js';
import { LibsqlJournal } from '@assay/plugin-libsql-journal/dist/libsql-journal.js';
import { openForWriting } from '@assay/plugin-libsql-journal/dist/open-journal.js';

const [folder, what, statement] = process.argv.slice(2);
const journal = what === 'die' ? journalThatDies(Number(statement)) : openJournal({ folder, mode: 'write' });
process.stdout.write('ready\n');

if (what === 'hold') setInterval(() => undefined, 1000);
else for (let round = 1; ; round += 1) await commitOne(round);

async function commitOne(round) {
  const content = Buffer.from(`losses of round ${journal.length + 1} `.repeat(50 * (round % 7)));
  const value = { limits: journal.length + 1 };
  const record = await journal.commit({
    append: {
      entry: { round, padding: 'x'.repeat(500 * (round % 7)), losses: digestOf(content), limits: partDigest(value) },
      attachments: [{ digest: digestOf(content), content }],
      parts: [{ digest: partDigest(value), value }],
    },
    put: [{ table: 'last', key: 'number', value: (journal.head()?.number ?? 0) + 1 }],
  });
  process.stdout.write(`${record.number}\n`);
}

/** A journal whose process is killed right after the n-th statement of its first transaction. */
function journalThatDies(statements) {
  const real = openForWriting(join(folder, 'journal.db'));
  let left = Number.POSITIVE_INFINITY;
  const count = () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
  const prepare = (sql) => {
    const query = real.prepare(sql);
    return {
      get: (...given) => query.get(...given),
      all: (...given) => query.all(...given),
      run: (...given) => {
        const done = query.run(...given);
        count();
        return done;
      },
    };
  };
  const exec = (sql) => {
    if (sql.startsWith('BEGIN')) left = statements;
    real.exec(sql);
    count();
  };
  const database = new Proxy(real, {
    get: (target, name) => ({ prepare, exec })[name] ?? Reflect.get(target, name, target),
  });
  return new LibsqlJournal({ file: join(folder, 'journal.db') }, { database, lock: FolderLock.take(folder) });
}
