import { z } from 'zod';
import type { Log } from '@assay/core/contracts/logger';
import { isAssayError } from '@assay/core/errors/assay-error';
import { messageOf, toAssayError } from '@assay/core/errors/describe';
import { evaluatorErrors } from '../errors.js';
import type { AnyArchitecture, BroughtArchitecture } from './architecture.js';
import { LIBRARIES, type Library } from '../library.js';
import { ofVersion, Registry } from './registry.js';

const isFunction = z.custom((value) => typeof value === 'function', 'must be a function');
const architecture = z.object({
  className: z.string().min(1),
  modelType: z.string().min(1),
  config: z.custom(
    (value) => typeof value === 'object' && value !== null && 'safeParse' in value,
    'must be a zod schema',
  ),
  prefix: z.string(),
  tensors: isFunction,
  tied: isFunction,
  vocabularySize: isFunction,
  maxPositions: isFunction,
  width: isFunction,
  build: isFunction,
});

/**
 * What a module of another package brings for a version of the library: its default export is one architecture, or a function
 * that gives the one of a version, or a list of these.
 * @param module file URL
 * @throws ARCHITECTURE_MODULE
 */
async function architecturesOf(module: string, library: Library): Promise<AnyArchitecture[]> {
  try {
    const { default: exported } = (await import(module)) as { default: unknown };
    return [exported].flat().flatMap((brought) => {
      // Only the module can promise the types; the schema sees every member of what is used.
      const one = ofVersion(brought as BroughtArchitecture, library);
      if (typeof brought === 'function' && one === undefined) return [];
      const checked = architecture.safeParse(one);
      if (!checked.success) throw checked.error;
      return [one as AnyArchitecture];
    });
  } catch (error) {
    if (isAssayError(error)) throw error;
    throw evaluatorErrors.ARCHITECTURE_MODULE({ module, reason: messageOf(error) }, error);
  }
}

/**
 * Adds the architectures of other packages to this process.
 * @param modules file URLs
 * @throws ARCHITECTURE_MODULE, ARCHITECTURE_DUPLICATE
 */
export async function loadArchitectures(modules: readonly string[], registry: Registry): Promise<void> {
  for (const module of modules) {
    for (const one of await architecturesOf(module, registry.library)) registry.add(one);
  }
}

/** Refuses a module that can't be used under some version of the library. @throws ARCHITECTURE_MODULE, ARCHITECTURE_DUPLICATE */
export async function checkArchitectures(module: string): Promise<void> {
  for (const library of LIBRARIES) await loadArchitectures([module], new Registry(library));
}

/**
 * The modules that can be loaded together. Each of the others is left out with a warning: its package may have nothing to
 * do with the subnet, and a competition that allows a missing architecture ends the start with an error that names it.
 * Where two modules bring the same architecture, both are left out.
 */
export async function usableModules(modules: readonly string[], library: Library, log: Log): Promise<string[]> {
  const registry = new Registry(library);
  const brought = await Promise.all(modules.map((module) => bringing(module, library)));
  return brought.flatMap((one) => {
    const others = brought.flatMap((other) => (other === one ? [] : other.architectures));
    const reason = one.error ?? clashOf(registry, one.architectures, others);
    if (reason === undefined) return [one.module];
    const { code, message, hint } = toAssayError(reason).toReport();
    log('warn', 'a module with architectures is left out', { module: one.module, code, message, hint });
    return [];
  });
}

interface Brought {
  module: string;
  architectures: readonly AnyArchitecture[];
  /** Why it brings none. */
  error?: unknown;
}

async function bringing(module: string, library: Library): Promise<Brought> {
  try {
    return { module, architectures: await architecturesOf(module, library) };
  } catch (error) {
    return { module, architectures: [], error };
  }
}

function clashOf(
  registry: Registry,
  architectures: readonly AnyArchitecture[],
  others: readonly AnyArchitecture[],
): unknown {
  try {
    for (const one of architectures) registry.requireNew(one, others);
    return undefined;
  } catch (error) {
    return error;
  }
}
