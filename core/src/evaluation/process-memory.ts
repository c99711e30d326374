import { readdir, readFile } from 'node:fs/promises';

/** Deeper trees are no evaluator's. */
const MAX_PROCESSES = 256;

/**
 * Anonymous memory of a process and its descendants in bytes: what they have allocated, mapped files left out. Linux
 * tells it apart; elsewhere there is no cheap way to ask, and undefined says so.
 */
export async function anonymousMemory(pid: number): Promise<number | undefined> {
  const own = await anonymousMemoryOfOne(pid);
  if (own === undefined) return undefined;
  let total = own;
  const waiting = await childrenOf(pid);
  for (let count = 0; waiting.length > 0 && count < MAX_PROCESSES; count += 1) {
    const next = waiting.pop();
    if (next === undefined) break;
    total += (await anonymousMemoryOfOne(next)) ?? 0;
    waiting.push(...(await childrenOf(next)));
  }
  return total;
}

async function anonymousMemoryOfOne(pid: number): Promise<number | undefined> {
  const status = await read(`/proc/${pid}/status`);
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch((): string[] => []);
  const lists = await Promise.all(threads.map((thread) => read(`/proc/${pid}/task/${thread}/children`)));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
}

/** Processes end whenever they like: what is gone reads as empty. */
const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
