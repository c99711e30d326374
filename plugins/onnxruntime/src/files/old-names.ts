/** The name under which the library takes a tensor: TensorFlow's words for the parts of a norm are replaced wherever they stand. */
export function currentName(name: string): string {
  return name.includes('beta') ? name.replaceAll('beta', 'bias') : name.replaceAll('gamma', 'weight');
}

/**
 * The tensors of one file under the names that the library takes them for (`_load_state_dict_into_model`). It goes
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
