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
  const [, ...descendants] = await processTree(pid);
  const others = await Promise.all(descendants.map(anonymousMemoryOfOne));
  return others.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
}

/** The process itself, then its descendants (Linux; elsewhere the process alone). */
async function processTree(pid: number): Promise<number[]> {
  const found: number[] = [];
  const waiting = [pid];
  for (let next = waiting.pop(); next !== undefined && found.length < MAX_PROCESSES; next = waiting.pop()) {
    found.push(next);
    waiting.push(...(await childrenOf(next)));
  }
  return found;
}

/** Whether a signal or a debugger has stopped the process or a descendant (Linux; elsewhere never). */
export async function isStopped(pid: number): Promise<boolean> {
  const statuses = await Promise.all((await processTree(pid)).map((one) => read(`/proc/${one}/status`)));
  return statuses.some((status) => /^State:\s+[Tt]/m.test(status));
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
