import { pino, destination } from 'pino';
import type { Log, LogLevel } from '@assay/core/contracts/logger';

/** JSON lines on stderr; stdout belongs to what the command answers. */
export function stderrLog(level: LogLevel): Log {
  const logger = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
  return (lineLevel, message, context) => {
    logger[lineLevel](context ?? {}, message);
  };
}
