import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** `plugins install ./mine-1.0.0.tgz`, as `npm pack` leaves it: a path that is there is named so that it is taken for one. */
export function withPackagePaths(args: readonly string[]): string[] {
  const [topic, command, ...rest] = args;
  if (topic !== 'plugins' || (command !== 'install' && command !== 'add')) return [...args];
  return [
    topic,
    command,
    ...rest.map((argument) =>
      /\.(tgz|tar\.gz)$/.test(argument) && existsSync(argument) ? `file:${resolve(argument)}` : argument,
    ),
  ];
}
