import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { CredentialNeed, DatasetImplementation } from './plugin.js';

/** What a dataset needs with these options; nothing where they are not its own. */
export function credentialsOf(
  { credentials = [], options: schema }: DatasetImplementation,
  options: Readonly<Record<string, unknown>>,
): readonly CredentialNeed[] {
  if (typeof credentials !== 'function') return credentials;
  const parsed = schema.safeParse(options);
  return parsed.success ? credentials(parsed.data) : [];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a credential is found, in words; undefined when it is nowhere. Whether it is accepted, only the service knows. */
export function foundCredential(
  { variables, files = [] }: CredentialNeed,
  environment: Environment,
): string | undefined {
  if (variables.every((name) => (environment[name] ?? '').trim() !== '')) return 'environment';
  return files.flatMap((pattern) => expanded(pattern, environment) ?? []).find((path) => existsSync(path));
}

/** `~` is the home folder and `${NAME}` a variable; undefined where one is not set. */
function expanded(pattern: string, environment: Environment): string | undefined {
  const names = [...pattern.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
  if (names.some((name) => (environment[name] ?? '') === '')) return undefined;
  return pattern
    .replace(/^~(?=\/)/, environment['HOME'] ?? homedir())
    .replace(/\$\{(\w+)\}/g, (_all, name: string) => environment[name] ?? '');
}
