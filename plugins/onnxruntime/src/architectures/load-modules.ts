import { z } from 'zod';
import { isAssayError } from '@assay/core/errors/assay-error';
import { evaluatorErrors } from '../errors.js';
import type { AnyArchitecture } from './architecture.js';
import { addArchitecture } from './registry.js';

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
 * Architectures of other packages: the default export of a module is one, or a list of them.
 * @param modules file URLs
 * @throws ARCHITECTURE_MODULE, ARCHITECTURE_DUPLICATE
 */
export async function loadArchitectures(modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    try {
      const { default: exported } = (await import(module)) as { default: unknown };
      for (const one of [exported].flat()) {
        const checked = architecture.safeParse(one);
        if (!checked.success)
          throw new Error(checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
        // The schema has seen every member; their types can only be promised by the module.
        addArchitecture(one as AnyArchitecture);
      }
    } catch (error) {
      if (isAssayError(error)) throw error;
      throw evaluatorErrors.ARCHITECTURE_MODULE(
        { module, reason: error instanceof Error ? error.message : String(error) },
        error,
      );
    }
  }
}
