import { configErrors } from '../config/errors.js';
import type { PluginDeps } from '../plugin/plugin.js';

/** `PluginDeps.make` where no other plugin is installed. */
export const makesNothing: PluginDeps['make'] = (contract, { use }) =>
  Promise.reject(configErrors.IMPLEMENTATION_UNKNOWN({ contract, use, known: [] }));
