import type { Connector } from './connector.js';
import type { Upkeep } from './upkeep.js';

/** Asks the endpoints that are not in use for their heads, and moves to a better one. */
export class Comparison {
  readonly #timer: NodeJS.Timeout;
  #running = false;

  constructor(
    everyMs: number,
    private readonly deps: { connector: Connector; upkeep: Upkeep },
  ) {
    this.#timer = setInterval(() => {
      void this.#run();
    }, everyMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    const { connector, upkeep } = this.deps;
    const connection = upkeep.current;
    if (this.#running || !connection) return;
    this.#running = true;
    try {
      for (const other of connector.endpoints)
        if (other !== connection.endpoint) await connector.ask(other, upkeep.closing);
      this.#moveOn();
    } catch {
      // Only the end of the upkeep gets here.
    } finally {
      this.#running = false;
    }
  }

  #moveOn(): void {
    const { connector, upkeep } = this.deps;
    const connection = upkeep.current;
    if (!connection) return;
    const { endpoint, socket } = connection;
    const doubt = connector.doubt(endpoint);
    if (doubt !== undefined) {
      upkeep.leave(connection, doubt, 'fault');
      return;
    }
    const before = connector.endpoints.slice(0, connector.endpoints.indexOf(endpoint));
    const preferred = before.find(({ trouble }) => trouble === null);
    // A call under way, which may be a submission, is not cut off for a mere preference.
    if (preferred && socket.waiting === 0)
      upkeep.leave(connection, `${preferred.shown}, which is preferred, works again`, 'preference');
  }
}
