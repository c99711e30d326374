import type { ExpertNaming } from './decoder-experts.js';
import type { DecoderShape } from './decoder-shape.js';

/** What the files hold of one of the two stacks of a layer. */
interface Stack {
  /** The stack itself. */
  whole: boolean;
  /** Names of single matrices, by the part of an expert that they are. */
  parts: Map<string, string[]>;
}

/**
 * A tensor that makes the experts of a layer too many, or is there as part of a stack as well. Transformers 5 gathers whatever is
 * called a matrix of an expert, and fails where that is not what config.json says.
 * @param names of all stored tensors
 */
export function surplusExpert(
  { layers, experts: expertsOf }: Pick<DecoderShape, 'layers' | 'experts'>,
  names: readonly string[],
): string | undefined {
  const experts = Array.from({ length: layers }, (_none, layer) => expertsOf?.(layer));
  const naming = experts.find((one) => one?.stacked === true)?.naming;
  if (!naming) return undefined;
  for (const [layer, stacks] of stacksOf(names, naming)) {
    const count = experts[layer]?.count ?? Infinity;
    for (const { whole, parts } of stacks.values()) {
      const surplus = [...parts.values()].flatMap((matrices) => matrices.slice(whole ? 0 : count));
      if (surplus.length > 0) return surplus[0];
    }
  }
  return undefined;
}

/** By layer and name of the stack. */
function stacksOf(names: readonly string[], naming: ExpertNaming): Map<number, Map<string, Stack>> {
  const { module, gate, up, down } = naming;
  const pattern = new RegExp(
    `^(?:model\\.)?layers\\.(\\d+)\\.(?:mlp|${module})\\.experts\\.(?:(gate_up_proj|down_proj)|.*\\.(${gate}|${up}|${down})\\.weight)$`,
  );
  const layers = new Map<number, Map<string, Stack>>();
  for (const name of new Set(names)) {
    const [, layer, whole, part] = pattern.exec(name) ?? [];
    if (layer === undefined) continue;
    const stacks = layers.get(Number(layer)) ?? new Map<string, Stack>();
    layers.set(Number(layer), stacks);
    const key = whole ?? (part === down ? 'down_proj' : 'gate_up_proj');
    const stack = stacks.get(key) ?? { whole: false, parts: new Map<string, string[]>() };
    stacks.set(key, stack);
    if (part === undefined) {
      stack.whole = true;
      continue;
    }
    const matrices = stack.parts.get(part) ?? [];
    stack.parts.set(part, matrices);
    matrices.push(name);
  }
  return layers;
}
