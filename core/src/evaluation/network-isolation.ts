import { spawnSync } from 'node:child_process';
import { childEnvironment } from './child-environment.js';
import { evaluationErrors } from './errors.js';

/** Whether a process may reach the network. `deny-if-possible` denies it where the platform lets us. */
export type NetworkAccess = 'allow' | 'deny' | 'deny-if-possible';

/** Linux: a user namespace of its own lets anybody start a process without any network but a dead loopback. */
const UNSHARE = ['unshare', '--user', '--map-root-user', '--net', '--'] as const;
const PROBE_MS = 5000;

let probed: readonly string[] | undefined;

/** What goes before a command to take its network away; undefined where that can't be done. */
export function withoutNetwork(): readonly string[] | undefined {
  probed ??= probe();
  return probed.length > 0 ? probed : undefined;
}

/** A command as it is started: without the network where that is wanted. @throws EVALUATOR_NETWORK */
export function commandFor(command: readonly string[], network: NetworkAccess): readonly string[] {
  if (network === 'allow') return command;
  const prefix = withoutNetwork();
  if (!prefix && network === 'deny') throw evaluationErrors.EVALUATOR_NETWORK({ command: command.join(' ') });
  return [...(prefix ?? []), ...command];
}

function probe(): readonly string[] {
  if (process.platform !== 'linux') return [];
  const [program, ...args] = UNSHARE;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore', timeout: PROBE_MS, env: childEnvironment({}) })
    .status === 0
    ? UNSHARE
    : [];
}
