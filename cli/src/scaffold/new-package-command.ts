import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../base-command.js';
import type { HostPackages, NewPackage } from './new-package.js';

/** A command that makes a package. */
export abstract class NewPackageCommand extends BaseCommand {
  static override readonly args = {
    name: Args.string({ description: 'Its name: lower-case letters, digits and dashes.', required: true }),
  };
  static override readonly flags = {
    folder: Flags.string({ description: 'Folder of the package; the name when left out.' }),
    config: commonFlags.config,
    json: commonFlags.json,
  };

  /**
   * @param make writes the package and returns its files
   * @param next what the user runs then, after npm install
   * @param page that explains the package
   */
  protected async makePackage(
    what: NewPackage['what'],
    { name, folder = name, ...flags }: { name: string; folder?: string | undefined; json: boolean },
    make: (folder: string, packages: HostPackages) => Promise<string[]>,
    { next, page }: { next: readonly string[]; page: string },
  ): Promise<void> {
    const [{ requireName }, { findPackage }] = await Promise.all([
      import('./new-package.js'),
      import('../plugin-packages.js'),
    ]);
    requireName(what, name, (await this.loadConfig(flags)).registry);
    const packageAt = async (of: string): Promise<string> => realpath(await findPackage(of, this.config.root));
    const files = await make(resolve(folder), {
      validator: await realpath(this.config.root),
      core: await packageAt('@assay/core'),
      demo: await packageAt('@assay/competition-demo'),
    });
    this.answer(flags.json, { folder: resolve(folder), files }, () =>
      [
        `Made in ${resolve(folder)}:`,
        ...files.map((file) => `  ${file}`),
        '',
        'Next:',
        ...[`cd ${folder}`, 'npm install', ...next].map((line) => `  ${line}`),
        '',
        `${page} says what everything means.`,
      ].join('\n'),
    );
  }
}
