import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const manifest = z.object({
  commands: z.record(
    z.string(),
    z.object({
      description: z.string().optional(),
      args: z.record(z.string(), z.object({ description: z.string().optional(), required: z.boolean().optional() })),
      flags: z.record(
        z.string(),
        z.object({
          type: z.string(),
          char: z.string().optional(),
          description: z.string().optional(),
          default: z.unknown().optional(),
          options: z.array(z.string()).optional(),
          required: z.boolean().optional(),
        }),
      ),
    }),
  ),
});

/** The commands as oclif's manifest has them. */
export async function cliReference(root: string): Promise<string> {
  const { commands } = manifest.parse(JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')));
  const sections = Object.entries(commands)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { description, args, flags }]) => {
      const usage = [
        `validator ${id.replaceAll(':', ' ')}`,
        ...Object.keys(args).map((name) => name.toUpperCase()),
      ].join(' ');
      const argumentRows = Object.entries(args).map(
        ([name, arg]) => `| \`${name.toUpperCase()}\` | ${arg.description ?? ''} |`,
      );
      const flagRows = Object.entries(flags).map(
        ([name, flag]) =>
          `| \`${flagUsage(name, flag)}\` | ${flag.description ?? ''}${flag.required === true ? ' Required.' : ''} |`,
      );
      return [`## ${usage}`, '', description ?? '', '', '| | |', '| --- | --- |', ...argumentRows, ...flagRows].join(
        '\n',
      );
    });
  return `# Commands\n\nMade from the code by \`npm run generate\`.\n\n${sections.join('\n\n')}\n`;
}

function flagUsage(name: string, flag: { type: string; char?: string; options?: string[]; default?: unknown }): string {
  const value = flag.type === 'option' ? ` ${flag.options?.join('\\|') ?? 'VALUE'}` : '';
  const fallback = flag.default === undefined ? '' : ` (${JSON.stringify(flag.default)})`;
  return `${flag.char === undefined ? '' : `-${flag.char}, `}--${name}${value}${fallback}`;
}
