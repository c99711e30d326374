import { z } from 'zod';
import { EVENT_SCHEMA_VERSION, runEvent, type RunEvent } from '@assay/core/contracts/reporter';

/** One event as docs/reference/events.schema.json describes it, without a line end. */
export const eventLine = (event: RunEvent, at: number): string =>
  JSON.stringify({ schemaVersion: EVENT_SCHEMA_VERSION, time: new Date(at).toISOString(), ...event });

/** Names of the events that exist. */
export const eventName = z.enum(runEvent.options.map(({ shape }) => shape.event.value));
