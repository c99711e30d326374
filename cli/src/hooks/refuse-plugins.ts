import type { Hook } from '@oclif/core';

/** After `plugins install` and `plugins link`: what would stop the next start, or adds nothing at all, is taken out again, and the reason told. */
const refusePlugins: Hook<'postrun'> = async ({ Command, config }) => {
  if (Command.id !== 'plugins:install' && Command.id !== 'plugins:link') return;
  const [{ toAssayError }, { addedPackages }, { requireUse }] = await Promise.all([
    import('@assay/core/errors/describe'),
    import('../plugin-packages.js'),
    import('../required-use.js'),
  ]);
  for (const added of await addedPackages(config.dataDir)) {
    const { name, claims } = added;
    try {
      await requireUse(added);
      if (claims === 'commands')
        process.stderr.write(
          `${name} adds commands alone: no competition or anything else is taken from it, for its package.json has no "validator": { "plugin": true, "apiVersion": 1 }.\n`,
        );
    } catch (error) {
      const { code, message, hint } = toAssayError(error).toReport();
      await config.runCommand('plugins:uninstall', [name]);
      process.stderr.write(`${code}: ${message}\n  → ${hint}\n  It was removed again.\n`);
      process.exitCode = 2;
    }
  }
};

export default refusePlugins;
