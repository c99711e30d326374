// What it costs to hash the files of a model before it is scored, from a warm page cache: npm run bench -- hashing [GB]
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfFile } from '../core/dist/model/files-intact.js';
import { printTable } from './table.js';

const GB = Number(process.argv[3] ?? 1);
const CHUNK = 2 ** 24;

const folder = mkdtempSync(join(tmpdir(), 'assay-hashing-'));
try {
  const path = join(folder, 'model.safetensors');
  const file = await open(path, 'w');
  const chunk = Buffer.alloc(CHUNK, 'weights');
  const bytes = Math.ceil((GB * 1e9) / CHUNK) * CHUNK;
  for (let written = 0; written < bytes; written += CHUNK) await file.write(chunk);
  await file.close();
  const rows = [];
  for (let run = 1; run <= 3; run += 1) {
    const [startedAt, usedBefore] = [performance.now(), process.cpuUsage()];
    await sha256OfFile(path, new AbortController().signal);
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(usedBefore);
    const rate = bytes / 1e9 / seconds;
    rows.push({
      run,
      'GB/s': rate.toFixed(2),
      'CPU s': ((user + system) / 1e6).toFixed(2),
      's for 2.2 GB': (2.2 / rate).toFixed(1),
    });
  }
  printTable(`sha256 of ${(bytes / 1e9).toFixed(1)} GB`, rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
