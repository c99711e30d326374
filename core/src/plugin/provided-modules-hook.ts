import type { ResolveHook } from 'node:module';

/** A package that the host resolves for packages that stand elsewhere. */
export interface ProvidedPackage {
  /** Its name; one that ends with a slash means a whole scope, e.g. `@assay/`. */
  name: string;
  /** File URL from which the host itself finds it. */
  from: string;
  /** Whether the importing package's own copy goes first. The host's copy goes first when left out. */
  onlyIfMissing?: boolean;
}

let provided: readonly ProvidedPackage[] = [];

/** Node calls this in the thread of the hooks, with the data of each call of `register`. */
export function initialize(packages: readonly ProvidedPackage[]): void {
  provided = [...provided, ...packages];
}

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const found = provided.find((one) => isOf(specifier, one.name));
  if (!found) return nextResolve(specifier, context);
  const fromHost = (): ReturnType<typeof nextResolve> => nextResolve(specifier, { ...context, parentURL: found.from });
  if (!found.onlyIfMissing) return fromHost();
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    return fromHost();
  }
};

const isOf = (specifier: string, name: string): boolean =>
  name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`);
