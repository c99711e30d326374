import { configErrors } from '@assay/core/config/errors';
import { checkPlugin } from '@assay/core/plugin/check';
import { PLUGIN_API_VERSION, type Plugin } from '@assay/core/plugin/plugin';
import { IMPLEMENTATIONS } from './built-in-plugins.js';
import { loadPackage, type Claim, type InstalledPackage } from './plugin-packages.js';

/**
 * Refuses a package that was just added when it can't be used: it must load, and so must the modules that it brings.
 * @throws PLUGIN_MALFORMED of what adds nothing, and whatever loading it throws
 */
export async function requireUse({ name, root, claims }: InstalledPackage & { claims: Claim }): Promise<void> {
  if (claims === 'plugin') await requireModules(await loadPackage(root, name));
  if (claims === 'nothing')
    throw configErrors.PLUGIN_MALFORMED({
      package: name,
      issues: [
        `package.json: it has no "validator": { "plugin": true, "apiVersion": ${PLUGIN_API_VERSION} }, and no commands either`,
      ],
    });
}

/** Refuses a package whose modules can't serve the plugins that come along. @throws what those plugins say of them */
export async function requireModules({ name, provides }: Plugin): Promise<void> {
  for (const [target, urls] of Object.entries(provides.modules ?? {})) {
    const load = IMPLEMENTATIONS[target];
    if (!load) continue;
    const { checkModule } = checkPlugin(target, (await load()).default).provides;
    if (!checkModule)
      throw configErrors.PLUGIN_MALFORMED({
        package: name,
        issues: [`provides.modules.${target}: it takes no modules`],
      });
    for (const url of urls) await checkModule(url);
  }
}
