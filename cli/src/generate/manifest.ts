import { readFile } from 'node:fs/promises';

/** oclif's manifest with its commands in order of their ids. */
export async function sortedManifest(path: string): Promise<string> {
  const { commands, ...rest } = JSON.parse(await readFile(path, 'utf8')) as { commands: Record<string, unknown> };
  const sorted = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands: sorted, ...rest }, null, 2)}\n`;
}
