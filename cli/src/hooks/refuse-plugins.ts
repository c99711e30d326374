import type { Hook } from '@oclif/core';
import { installedPackages, loadPackage } from '../plugin-packages.js';

/** After `plugins install` and `plugins link`: what would stop the next start is taken out again, and the reason told. */
const refusePlugins: Hook<'postrun'> = async ({ Command, config }) => {
  if (Command.id !== 'plugins:install' && Command.id !== 'plugins:link') return;
  const { toAssayError } = await import('@assay/core/errors/describe');
  for (const { name, root } of await installedPackages(config.dataDir)) {
    try {
      await loadPackage(root, name);
    } catch (error) {
      const { code, message, hint } = toAssayError(error);
      await config.runCommand('plugins:uninstall', [name]);
      process.stderr.write(`${code}: ${message}\n  → ${hint}\n  It was removed again.\n`);
      process.exitCode = 2;
    }
  }
};

export default refusePlugins;
