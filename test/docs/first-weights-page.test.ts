import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../e2e/world.js';

const FILE = join(ROOT, 'docs', 'run', 'first-weights.md');
const page = readFileSync(FILE, 'utf8');
const manifest = z
  .object({ commands: z.record(z.string(), z.object({ flags: z.record(z.string(), z.unknown()) })) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')));

/** Lines of shell blocks that run our command, comments left out. */
const commands = [...page.matchAll(/^npx validator (.+)$/gm)].map(([, rest = '']) => rest.replace(/\s+#.*$/, ''));
/** What is named in passing: the words in front of the first flag or place-holder. */
const named = [...page.matchAll(/`(chain|journal|store|state|config) ([a-z]+)[^`]*`/g)].map(
  ([, topic, word]) => `${topic}:${word}`,
);

/** Headings as their anchors. */
const anchors = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );

describe('docs/run/first-weights.md', () => {
  it.each(commands)('npx validator %s is a command with these flags', (command) => {
    const words = command.split(/\s+/);
    const id = [words.slice(0, 2).join(':'), words[0] ?? ''].find((one) => manifest.commands[one]);
    if (id === undefined) throw new Error(`no command: ${command}`);
    const flags = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2));
    expect(Object.keys(manifest.commands[id]?.flags ?? {})).toEqual(expect.arrayContaining(flags));
  });

  it('names commands that there are', () => {
    expect(commands.length).toBeGreaterThan(10);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((id) => !manifest.commands[id])).toEqual([]);
  });

  it('names config files that there are', () => {
    const files = [...page.matchAll(/examples\/[a-z]+\.yaml/g)].map(([name]) => name);
    expect(files.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it('links to pages and headings that there are', () => {
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [, path = '', anchor] of links) {
      const target = path === '' ? FILE : join(dirname(FILE), path);
      expect(existsSync(target), path).toBe(true);
      if (anchor !== undefined) expect(anchors(readFileSync(target, 'utf8')), path).toContain(anchor);
    }
  });

  it('names only error codes that there are', () => {
    const known = readFileSync(join(ROOT, 'docs', 'reference', 'errors.md'), 'utf8');
    const codes = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(5);
    expect([...new Set(codes)].filter((code) => !known.includes(code))).toEqual([]);
  });
});
