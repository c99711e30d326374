import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { torchErrors } from './errors.js';

const SCRIPT = fileURLToPath(new URL('../python/engine.py', import.meta.url));
/** Characters of standard error that are repeated when the process ends. */
const TAIL = 300;

const facts = z.object({
  torch: z.string(),
  /** Its type, and of a GPU its number and name. */
  device: z.string(),
  /** What computes norms, rotations and losses. */
  kernels: z.string(),
  cuda: z.string().optional(),
  memory: z.number().optional(),
});
/** What torch and the device are. */
export type EngineFacts = z.infer<typeof facts>;

const firstLine = z.union([
  z.object({ ready: facts }),
  z.object({ missing: z.string() }),
  z.object({ old: z.string() }),
  z.object({ refused: z.string() }),
]);
const laterLine = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  fault: z.object({ kind: z.enum(['document', 'memory', 'failed']), message: z.string() }).optional(),
});

export interface EngineCommand {
  python: string;
  /** As torch names it: cpu, cuda, cuda:1. */
  device: string;
  /** Threads of one operator on a CPU; 0 leaves it to torch. */
  threads: number;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

/** The Python process that computes: requests are answered in their order, those beside the others when they are done. */
export class EngineProcess {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #ended: Error | undefined;
  #tail = '';
  /** Resolves when it has ended. */
  readonly gone: Promise<void>;

  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, Readable>,
    readonly facts: EngineFacts,
  ) {
    this.gone = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
  }

  /** @throws PYTHON_MISSING, TORCH_MISSING, TORCH_OLD, TORCH_UNUSABLE */
  static async start({ python, device, threads }: EngineCommand): Promise<EngineProcess> {
    const child = spawn(python, ['-u', SCRIPT, device, String(threads)], { stdio: ['pipe', 'pipe', 'pipe'] });
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL);
      process.stderr.write(text);
    });
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout });
    const line = await Promise.race([
      once(lines, 'line').then(([text]: unknown[]) => String(text)),
      once(child, 'exit').then(
        ([code, signal]: unknown[]) => `exit ${String(signal ?? code)}`,
        (error: unknown) => {
          throw torchErrors.PYTHON_MISSING({ python, reason: error instanceof Error ? error.message : String(error) });
        },
      ),
    ]);
    const engine = new EngineProcess(child, readyOf(line, tail, { python, device, threads }));
    engine.#listen(lines);
    return engine;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** @throws ENGINE_ENDED, ENGINE_FAILED, DEVICE_MEMORY */
  request(op: string, given: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.child.stdin.write(`${JSON.stringify({ ...given, op, id })}\n`);
    });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  #listen(lines: ReturnType<typeof createInterface>): void {
    this.child.stderr.on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-TAIL);
    });
    lines.on('line', (text) => {
      this.#take(text);
    });
    this.child.once('close', (code, signal) => {
      this.#end(torchErrors.ENGINE_ENDED({ exit: signal ?? `status ${code}`, tail: this.#tail.trim() }));
    });
  }

  #take(text: string): void {
    const message = laterLine.safeParse(jsonOf(text));
    const waiting = message.success ? this.#waiting.get(message.data.id) : undefined;
    if (!message.success || !waiting) {
      this.#end(torchErrors.ENGINE_FAILED({ reason: `it wrote ${text.slice(0, 100)}` }));
      this.child.kill('SIGKILL');
      return;
    }
    const { id, result, fault } = message.data;
    this.#waiting.delete(id);
    if (!fault) waiting.resolve(result);
    else if (fault.kind === 'memory') waiting.reject(torchErrors.DEVICE_MEMORY({ reason: fault.message }));
    else waiting.reject(torchErrors.ENGINE_FAILED({ reason: fault.message }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readyOf(line: string, tail: string, { python, device }: EngineCommand): EngineFacts {
  const first = firstLine.safeParse(jsonOf(line));
  if (!first.success) throw torchErrors.PYTHON_MISSING({ python, reason: `it wrote ${line} ${tail}`.trim() });
  if ('ready' in first.data) return first.data.ready;
  if ('missing' in first.data) throw torchErrors.TORCH_MISSING({ python });
  if ('old' in first.data) throw torchErrors.TORCH_OLD({ python, found: first.data.old });
  throw torchErrors.TORCH_UNUSABLE({ device, reason: first.data.refused });
}
