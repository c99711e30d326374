import { z } from 'zod';
import { EVENT_SCHEMA_VERSION, runEvent } from '@assay/core/contracts/reporter';

/** JSON schema of one line of `validator run --json`. */
export function eventJsonSchema(): string {
  const event = z.toJSONSchema(runEvent, { unrepresentable: 'any' });
  const title = `One line of validator run --json, schema version ${EVENT_SCHEMA_VERSION}`;
  const description = 'Each line also has schemaVersion (a number) and time (ISO 8601).';
  return `${JSON.stringify({ ...event, title, description }, null, 2)}\n`;
}
