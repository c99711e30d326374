import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOST_PACKAGES, provideModules } from '@assay/core/plugin/provided-modules';

/** Lets packages from elsewhere import values of the core and of the plugins that come along. */
export function provideOwnPackages(): void {
  provideModules(HOST_PACKAGES.map((one) => ({ ...one, from: import.meta.url })));
}

/** Lets packages import values of each other, e.g. of the plugin that their modules are for, wherever they stand. */
export function providePackages(packages: readonly { name: string; root: string }[]): void {
  provideModules(packages.map(({ name, root }) => ({ name, from: pathToFileURL(join(root, 'package.json')).href })));
}
