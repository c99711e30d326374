import type { EvaluatorRequest } from '../contracts/evaluator-protocol.js';
import { abortError } from '../errors/describe.js';
import type { EvaluatorChild } from './evaluator-child.js';

/** Models that stay loaded between two parts: as many as a match has. */
const MAX_KEPT = 2;

/** Processes of one model each that wait for another part of it. */
export class KeptProcesses {
  /** By the digest of the model, the one used longest ago first. */
  readonly #children = new Map<string, EvaluatorChild>();

  has(request: EvaluatorRequest): boolean {
    return request.type === 'evaluate' && this.#children.get(request.model.digest)?.alive === true;
  }

  holds(child: EvaluatorChild): boolean {
    return [...this.#children.values()].includes(child);
  }

  /** The process that has the model of a request loaded; it is the caller's then. */
  take(request: EvaluatorRequest): EvaluatorChild | undefined {
    if (request.type !== 'evaluate') return undefined;
    const { digest } = request.model;
    const child = this.#children.get(digest);
    this.#children.delete(digest);
    return child?.alive ? child : undefined;
  }

  /** Keeps the process of a request that asks for it. Of too many, the one used longest ago ends. */
  put(request: EvaluatorRequest, child: EvaluatorChild): void {
    if (request.type !== 'evaluate' || !request.keep || !child.alive) return;
    this.#children.set(request.model.digest, child);
    const [oldest] = this.#children.keys();
    if (oldest !== undefined && this.#children.size > MAX_KEPT) this.release(oldest);
  }

  release(digest: string): void {
    this.#children.get(digest)?.end(abortError());
    this.#children.delete(digest);
  }

  async close(): Promise<void> {
    const children = [...this.#children.values()];
    for (const digest of [...this.#children.keys()]) this.release(digest);
    await Promise.all(children.map(({ gone }) => gone));
  }
}
