#!/usr/bin/env node
import { execute } from '@oclif/core';
import { modernArguments } from '../cli/dist/legacy-flags.js';
import { withPackagePaths } from '../cli/dist/package-paths.js';

const { args, notes } = modernArguments(withPackagePaths(process.argv.slice(2)));
for (const note of notes) process.stderr.write(`${note}\n`);
await execute({ args, dir: import.meta.url });
