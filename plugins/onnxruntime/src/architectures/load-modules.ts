import { z } from 'zod';
import type { Log } from '@assay/core/contracts/logger';
import { isAssayError } from '@assay/core/errors/assay-error';
import { messageOf, toAssayError } from '@assay/core/errors/describe';
import { evaluatorErrors } from '../errors.js';
import type { AnyArchitecture } from './architecture.js';
import { addArchitecture, requireNew } from './registry.js';

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
 * What a module of another package brings: its default export is one architecture, or a list of them.
 * @param module file URL
 * @throws ARCHITECTURE_MODULE
 */
async function architecturesOf(module: string): Promise<AnyArchitecture[]> {
  try {
    const { default: exported } = (await import(module)) as { default: unknown };
    return [exported].flat().map((one) => {
      const checked = architecture.safeParse(one);
      if (!checked.success) throw checked.error;
      // The schema has seen every member; their types can only be promised by the module.
      return one as AnyArchitecture;
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
export async function loadArchitectures(modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    for (const one of await architecturesOf(module)) addArchitecture(one);
  }
}

/** Refuses a module that brings no architecture of its own. @throws ARCHITECTURE_MODULE, ARCHITECTURE_DUPLICATE */
export async function checkArchitectures(module: string): Promise<void> {
  for (const one of await architecturesOf(module)) requireNew(one, []);
}

/**
 * The modules that can be loaded together. Each of the others is left out with a warning: its package may have nothing to
 * do with the subnet, and a competition that allows a missing architecture ends the start with an error that names it.
 * Where two modules bring the same architecture, both are left out.
 */
export async function usableModules(modules: readonly string[], log: Log): Promise<string[]> {
  const brought = await Promise.all(modules.map(bringing));
  return brought.flatMap((one) => {
    const others = brought.flatMap((other) => (other === one ? [] : other.architectures));
    const reason = one.error ?? clashOf(one.architectures, others);
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

async function bringing(module: string): Promise<Brought> {
  try {
    return { module, architectures: await architecturesOf(module) };
  } catch (error) {
    return { module, architectures: [], error };
  }
}

function clashOf(architectures: readonly AnyArchitecture[], others: readonly AnyArchitecture[]): unknown {
  try {
    for (const one of architectures) requireNew(one, others);
    return undefined;
  } catch (error) {
    return error;
  }
}
