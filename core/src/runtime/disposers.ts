import type { Log } from '../contracts/logger.js';
import { toAssayError } from '../errors/describe.js';

/** Last opened, first closed; one that fails does not keep the others open. */
export class Disposers {
  readonly #stack: { name: string; dispose: () => Promise<void> }[] = [];

  constructor(private readonly log: Log) {}

  add(name: string, dispose: () => Promise<void>): void {
    this.#stack.push({ name, dispose });
  }

  async disposeAll(): Promise<void> {
    for (let next = this.#stack.pop(); next; next = this.#stack.pop()) {
      try {
        await next.dispose();
      } catch (error) {
        this.log('error', 'closing failed', { name: next.name, error: toAssayError(error).message });
      }
    }
  }
}
