import type { NodeProto, ValueInfo } from './graph.js';

/** Nodes of a graph, or of the body of a loop in it: a body sees the values of the graph around it, which does not see the body's. */
export class Scope {
  readonly nodes: NodeProto[] = [];
  /** Values whose type and shape the runtime can't infer. */
  readonly known: ValueInfo[] = [];
  readonly #made = new Map<string, string>();

  constructor(readonly outer?: Scope) {}

  /** A value that was made under this key here or further out. */
  made(key: string): string | undefined {
    return this.#made.get(key) ?? this.outer?.made(key);
  }

  keep(key: string, value: string): void {
    this.#made.set(key, value);
  }
}
