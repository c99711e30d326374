import { EVENT_SCHEMA_VERSION, type RunEvent } from '../contracts/reporter.js';

/**
 * One event as docs/reference/events.schema.json describes it, without a line end.
 * @param at milliseconds since 1970
 */
export const eventLine = (event: RunEvent, at: number): string =>
  JSON.stringify({ schemaVersion: EVENT_SCHEMA_VERSION, time: new Date(at).toISOString(), ...event });
