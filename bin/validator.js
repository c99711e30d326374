#!/usr/bin/env node
import { execute } from '@oclif/core';
import { modernArguments } from '../cli/dist/legacy-flags.js';

const { args, notes } = modernArguments(process.argv.slice(2));
for (const note of notes) process.stderr.write(`${note}\n`);
await execute({ args, dir: import.meta.url });
