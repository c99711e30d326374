import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { EVENT_SCHEMA_VERSION, runEvent, type EventOf, type RunEvent } from '@assay/core/contracts/reporter';
import { z } from 'zod';
import { afterAll } from 'vitest';
import { ROOT } from './world.js';

const VALIDATOR = join(ROOT, 'bin', 'validator.js');
const running = new Set<ChildProcessByStdio<null, Readable, Readable>>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Answer {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningValidator {
  pid: number;
  events: RunEvent[];
  stdout: () => string;
  /** Resolves with the first event of this name, also one that has passed; rejects when the run ends without one. */
  saw<Name extends RunEvent['event']>(name: Name): Promise<EventOf<Name>>;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Answer>;
}

interface SpawnOptions {
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

function start(
  args: readonly string[],
  { env = {}, cwd }: SpawnOptions,
): ChildProcessByStdio<null, Readable, Readable> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ASSAY_')));
  const child = spawn(process.execPath, [VALIDATOR, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...env },
    cwd,
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** One command, to its end. */
export async function validator(args: readonly string[], options: SpawnOptions = {}): Promise<Answer> {
  return ended(start(args, options));
}

/** One command that gets a signal as soon as its stderr says this, or when the promise resolves. */
export async function killedAt(
  args: readonly string[],
  when: string | Promise<unknown>,
  options: SpawnOptions = {},
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<Answer> {
  const child = start(args, options);
  let said = '';
  if (typeof when !== 'string') void when.then(() => child.kill(signal));
  child.stderr.on('data', (chunk: Buffer) => {
    const before = said;
    said += chunk.toString('utf8');
    if (typeof when === 'string' && said.includes(when) && !before.includes(when)) child.kill(signal);
  });
  return ended(child);
}

async function ended(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Answer> {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const [code, signal] = z
    .tuple([z.number().nullable(), z.custom<NodeJS.Signals | null>()])
    .parse(await once(child, 'close'));
  return { code, signal, stdout, stderr };
}

/** `validator run --json`, still running. */
export function startRun(args: readonly string[], options: SpawnOptions = {}): RunningValidator {
  const child = start(['run', '--json', ...args], options);
  const events: RunEvent[] = [];
  const text: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    text.push(line);
    const event = runEvent.safeParse(JSON.parse(line)).data;
    if (!event) return;
    events.push(event);
    child.emit('event', event);
  });
  const end = ended(child);
  return {
    pid: child.pid ?? 0,
    events,
    stdout: () => text.join('\n'),
    saw: async <Name extends RunEvent['event']>(name: Name): Promise<EventOf<Name>> => {
      for (;;) {
        const found = firstOf(events, name);
        if (found) return found;
        const over = await Promise.race([once(child, 'event').then(() => undefined), end]);
        if (over && !firstOf(events, name))
          throw new Error(`the run ended without ${name}: ${over.stderr}${over.stdout}`);
      }
    },
    kill: (signal) => child.kill(signal),
    ended: end,
  };
}

export const isEvent = <Name extends RunEvent['event']>(event: RunEvent, name: Name): event is EventOf<Name> =>
  event.event === name;

export function allOf<Name extends RunEvent['event']>(events: readonly RunEvent[], name: Name): EventOf<Name>[] {
  return events.flatMap((event) => (isEvent(event, name) ? [event] : []));
}

export const firstOf = <Name extends RunEvent['event']>(
  events: readonly RunEvent[],
  name: Name,
): EventOf<Name> | undefined => allOf(events, name)[0];

const line = z.looseObject({ schemaVersion: z.literal(EVENT_SCHEMA_VERSION), time: z.iso.datetime() });

/** Events of a run's stdout; throws unless every single line is one. */
export function eventsOf(stdout: string): RunEvent[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((text) => runEvent.parse(line.parse(JSON.parse(text))));
}

const failure = z.object({
  error: z.object({
    code: z.string(),
    message: z.string().min(1),
    hint: z.string().min(1),
    fault: z.enum(['miner', 'validator', 'network', 'chain', 'config']),
    retry: z.string(),
    payload: z.record(z.string(), z.unknown()),
  }),
});

/** The error on the last line of stdout of a command with --json. */
export const errorOf = ({ stdout }: Answer): z.infer<typeof failure>['error'] =>
  failure.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).error;
