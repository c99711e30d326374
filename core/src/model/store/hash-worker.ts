import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { blobHeader } from './git-blob.js';

/** Orders to the worker. */
export type HashOrder =
  | { id: number; order: 'follow'; path: string; size: number; withGitOid: boolean }
  /** Bytes up to here are there to be read. */
  | { id: number; order: 'upTo'; end: number }
  | { id: number; order: 'drop' };

/** What the worker tells: hex digests of a whole file, and how long it has read and hashed since it began; or what went wrong. */
export type HashAnswer =
  | { id: number; sha256: string; gitOid?: string; busyMs: number }
  | { id: number; error: { message: string; code?: string | undefined; syscall?: string | undefined } };

interface Job {
  file: number;
  size: number;
  sha256: Hash;
  sha1: Hash | undefined;
  at: number;
  end: number;
}

const BLOCK = Buffer.allocUnsafe(1024 * 1024);
const jobs = new Map<number, Job>();
const port = parentPort;
let working = false;
let busyMs = 0;

function begin({ id, path, size, withGitOid }: HashOrder & { order: 'follow' }): void {
  const sha1 = withGitOid ? createHash('sha1').update(blobHeader(size)) : undefined;
  jobs.set(id, { file: openSync(path, 'r'), size, sha256: createHash('sha256'), sha1, at: 0, end: 0 });
}

/** Hashes one block of a job, and ends the job behind its last. */
function step(id: number, job: Job): void {
  const wanted = Math.min(BLOCK.length, job.end - job.at);
  const read = wanted > 0 ? readSync(job.file, BLOCK, 0, wanted, job.at) : 0;
  if (wanted > 0 && read === 0) throw new RangeError('the file is shorter than its transfer');
  const block = BLOCK.subarray(0, read);
  job.sha256.update(block);
  job.sha1?.update(block);
  job.at += read;
  if (job.at < job.size) return;
  drop(id);
  const gitOid = job.sha1 ? { gitOid: job.sha1.digest('hex') } : {};
  answer({ id, sha256: job.sha256.digest('hex'), ...gitOid, busyMs });
}

function drop(id: number): void {
  const job = jobs.get(id);
  jobs.delete(id);
  if (job) closeSync(job.file);
}

function answer(message: HashAnswer): void {
  port?.postMessage(message);
}

function guarded(id: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    drop(id);
    const { message, code, syscall } = error as NodeJS.ErrnoException;
    answer({ id, error: { message, code, syscall } });
  }
}

/** A block of each job in turn, so that a large file does not keep the small ones waiting; orders come in between. */
function work(): void {
  working = false;
  const began = performance.now();
  for (const [id, job] of [...jobs]) {
    if (job.at >= job.end) continue;
    guarded(id, () => {
      step(id, job);
    });
  }
  busyMs += performance.now() - began;
  workSoon();
}

function workSoon(): void {
  if (working || ![...jobs.values()].some(({ at, end }) => at < end)) return;
  working = true;
  setImmediate(work);
}

port?.on('message', (order: HashOrder) => {
  if (order.order === 'drop') drop(order.id);
  else if (order.order === 'follow')
    guarded(order.id, () => {
      begin(order);
    });
  else {
    const job = jobs.get(order.id);
    if (job) job.end = Math.max(job.end, order.end);
  }
  workSoon();
});
