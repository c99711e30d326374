/** The name under which 4.44 takes a tensor: TensorFlow's words for the parts of a norm are replaced wherever they stand. */
export function currentName(name: string): string {
  return name.includes('beta') ? name.replaceAll('beta', 'bias') : name.replaceAll('gamma', 'weight');
}

/** The same in 4.57 and 5, which replace these words only behind `LayerNorm`: 4.57 at the end of a name, 5 anywhere. */
export function layerNormName(name: string, library: '4.57' | '5'): string {
  const old = library === '5' ? /LayerNorm.(gamma|beta)/ : /LayerNorm\.(gamma|beta)$/;
  return name.replace(old, (_whole, part) => (part === 'gamma' ? 'LayerNorm.weight' : 'LayerNorm.bias'));
}

/**
 * The tensors of one file under the names that 4.44 takes them for (`_load_state_dict_into_model`). It goes
 * through the names in order and moves each old one to its current name, so that of two tensors with one name the one
 * that is moved last stays.
 */
export function byCurrentName<Tensor extends { name: string }>(tensors: readonly Tensor[]): Map<string, Tensor> {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const loaded = new Map(sorted.map((tensor) => [tensor.name, tensor]));
  for (const { name } of sorted) {
    const current = currentName(name);
    const tensor = loaded.get(name);
    if (current === name || !tensor) continue;
    loaded.delete(name);
    loaded.set(current, tensor);
  }
  return loaded;
}
