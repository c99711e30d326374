import type { Hook } from '@oclif/core';

/** After `plugins install` and `plugins link`: what would stop the next start is taken out again, and the reason told. */
const refusePlugins: Hook<'postrun'> = async ({ Command, config }) => {
  if (Command.id !== 'plugins:install' && Command.id !== 'plugins:link') return;
  const [{ toAssayError }, { foreignPackages, installedPackages, loadPackage }] = await Promise.all([import('@assay/core/errors/describe'), import('../plugin-packages.js')]);
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
  for (const { name } of await foreignPackages(config.dataDir)) {
    process.stderr.write(`${name} adds commands at most: its package.json has no "validator": { "plugin": true, "apiVersion": 1 }.\n`);
  }
};

export default refusePlugins;
