import { z } from 'zod';
import { isTrue } from '../files/python-values.js';
import type { Library } from '../library.js';

export type LayerType = 'full_attention' | 'sliding_attention';

/** `layer_types` of a class whose layers see every token before them, or those in a window. 5 takes `attention` for the first. */
export const layerTypes = (library: Library): z.ZodType<readonly LayerType[] | null | undefined> =>
  z
    .array(z.enum(['full_attention', 'sliding_attention', ...(library === '5' ? (['attention'] as const) : [])]))
    .max(512)
    .transform((types) => types.map((type): LayerType => (type === 'attention' ? 'full_attention' : type)))
    .nullish();

/** `sliding_window` before it is known whether a layer uses it. */
export const windowSize = (): z.ZodNumber => z.number().int().min(-100_000_000).max(100_000_000);

interface Layers {
  count: number;
  /** As in config.json: one for each layer, or none where `slides` decides. */
  types: readonly LayerType[] | null | undefined;
  window: number | null;
  slides: (layer: number) => boolean;
}

/**
 * The window of each layer in tokens; null for a layer that sees every token before it.
 * @param context gets an issue where the library makes no model of such layers
 */
export function windowsOf({ count, types, window, slides }: Layers, context: z.RefinementCtx): (number | null)[] {
  const issue = (message: string): void => {
    context.addIssue({ code: 'custom', message });
  };
  if (types && types.length !== count) issue('layer_types must have one entry for each layer');
  const sliding = Array.from({ length: count }, (_none, layer) =>
    types ? types[layer] === 'sliding_attention' : slides(layer),
  );
  if (sliding.includes(true) && (window === null || window < 1))
    issue('layers with a window need a sliding_window of at least 1 that is used');
  return sliding.map((slide) => (slide ? window : null));
}

/**
 * `layer_types` of a class that does not read it: its cache does. 4.57 looks at the first entry for each layer, 5 at all of
 * them, and at their names.
 */
export const unreadLayerTypes = (library: Library): z.ZodType<readonly unknown[] | null | undefined> => {
  if (library === '4.44')
    return z
      .unknown()
      .optional()
      .transform(() => undefined);
  return library === '5' ? layerTypes(library) : z.array(z.unknown()).nullish();
};

interface WithUnreadTypes {
  num_hidden_layers: number;
  layer_types?: readonly unknown[] | null | undefined;
  sliding_window?: unknown;
}

/** Adds an issue where the library can't make a cache for such layers. */
export function requireCacheable(given: WithUnreadTypes, library: Library, context: z.RefinementCtx): void {
  const { num_hidden_layers: count, layer_types: types, sliding_window: window } = given;
  if (!types) return;
  if (library === '5' ? types.length !== count : types.length < count)
    context.addIssue({ code: 'custom', message: 'layer_types must have one entry for each layer' });
  if (types.includes('sliding_attention') && !isTrue(window))
    context.addIssue({ code: 'custom', message: 'layer_types with sliding_attention need a sliding_window' });
}
