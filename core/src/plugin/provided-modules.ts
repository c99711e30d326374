import { register } from 'node:module';
import type { ProvidedPackage } from './provided-modules-hook.js';

export type { ProvidedPackage };

/** What every outside package may import: all of ours, and the schema library where it has none of its own. */
export const HOST_PACKAGES: readonly Omit<ProvidedPackage, 'from'>[] = [
  { name: '@assay/' },
  { name: 'zod', onlyIfMissing: true },
];

const registered = new Set<string>();

/**
 * From now on, modules that this process imports find these packages where the host has them. So a package that was
 * installed or linked elsewhere imports values of the host's own copy: classes, symbols and schemas are the same ones.
 * Node's hooks serve `import` only: a CommonJS package that calls `require` is not served.
 */
export function provideModules(packages: readonly ProvidedPackage[]): void {
  const added = packages.filter((one) => !registered.has(keyOf(one)));
  if (added.length === 0) return;
  for (const one of added) registered.add(keyOf(one));
  register(new URL('./provided-modules-hook.js', import.meta.url), { data: added });
}

const keyOf = ({ name, from }: ProvidedPackage): string => `${name} ${from}`;
