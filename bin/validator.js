#!/usr/bin/env node
import { tooFewOpenFiles } from './open-files.js';

const refusal = tooFewOpenFiles();
if (refusal) {
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: refusal })}\n`);
  process.stderr.write(`${refusal.code}: ${refusal.message}\n  → ${refusal.hint}\n`);
  process.exitCode = 2;
} else {
  // Not before the check: loading these modules opens more files at a time than a low limit allows.
  const [{ execute }, { modernArguments }, { withPackagePaths }] = await Promise.all([
    import('@oclif/core'),
    import('../cli/dist/legacy-flags.js'),
    import('../cli/dist/package-paths.js'),
  ]);
  const { args, notes } = modernArguments(withPackagePaths(process.argv.slice(2)));
  for (const note of notes) process.stderr.write(`${note}\n`);
  await execute({ args, dir: import.meta.url });
}
