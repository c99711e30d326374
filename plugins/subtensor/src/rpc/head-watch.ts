import { AwakeClock } from './awake-clock.js';

/** Block times without a new head: until the connection is made anew, and until the alarm. */
const PATIENCE = 5;
const ALARM = 25;

/**
 * Whether blocks arrive. A node that is stuck or half-dead may tell its old head again with every new connection, so a
 * first head counts only when it is higher than the last one that counted; later ones of the same connection count when
 * they are higher than those before. `isOverdue` has to be asked about once a second.
 */
export class HeadWatch {
  #counted = -1;
  #highest: number | undefined;
  /** When the last head that counted came, or the first connection was begun; undefined before that. */
  #at: number | undefined;
  #rescues = 0;

  constructor(
    public blockTimeMs: number,
    private readonly clock: Pick<AwakeClock, 'now'> = new AwakeClock(),
  ) {}

  /** Time for which this process was stopped itself does not count. */
  get sinceMs(): number {
    const now = this.clock.now();
    return this.#at === undefined ? 0 : now - this.#at;
  }

  get isStalled(): boolean {
    return this.sinceMs >= ALARM * this.blockTimeMs;
  }

  /** Connections that have been given up since the last head that counted. */
  get rescues(): number {
    return this.#rescues;
  }

  /** A connection is looked for. */
  begin(): void {
    this.#at ??= this.clock.now();
    this.#highest = undefined;
  }

  /** Notes a head. @returns whether it shows that blocks arrive */
  head(number: number): boolean {
    const counts = number > (this.#highest ?? this.#counted);
    this.#highest = Math.max(number, this.#highest ?? number);
    if (!counts) return false;
    this.#counted = number;
    this.#at = this.clock.now();
    this.#rescues = 0;
    return true;
  }

  /** Whether the connection is to be given up now: after five block times without a head, and every five after that. */
  isOverdue(): boolean {
    if (this.sinceMs < (this.#rescues + 1) * PATIENCE * this.blockTimeMs) return false;
    this.#rescues += 1;
    return true;
  }
}
