import { z } from 'zod';
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
 * Checks `layer_types` of a class that has one window for all layers or none: only the cache of generate() reads the key.
 * @param context gets an issue where the library fails with it
 */
export function requireUsableTypes({ count, types, window }: Omit<Layers, 'slides'>, context: z.RefinementCtx): void {
  if (!types) return;
  windowsOf({ count, types, window, slides: () => false }, context);
}
