import type { ModelSession } from './session.js';

/**
 * The session for batches of one shape, kept while the shape stays. Samples of one shape are the rule; a set of many
 * may not keep a graph for each.
 */
export class SessionByShape {
  #current: { key: string; session: ModelSession } | undefined;

  constructor(private readonly load: (batch: number, length: number) => Promise<ModelSession>) {}

  async for(rows: readonly (readonly number[])[]): Promise<ModelSession> {
    const [batch, length] = [rows.length, rows[0]?.length ?? 0];
    const key = `${batch}x${length}`;
    if (this.#current?.key === key) return this.#current.session;
    await this.release();
    const session = await this.load(batch, length);
    this.#current = { key, session };
    return session;
  }

  async release(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.session.release();
  }
}
