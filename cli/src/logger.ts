import { pino } from 'pino';
import type { Log, LogLevel } from '@assay/core/contracts/logger';
import { withoutSecrets } from '@assay/core/errors/secrets';

/** JSON lines on stderr; stdout belongs to what the command answers. */
export function stderrLog(level: LogLevel): Log {
  const safe = { write: (line: string): boolean => process.stderr.write(withoutSecrets(line)) };
  const logger = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, safe);
  return (lineLevel, message, context) => {
    logger[lineLevel](context ?? {}, message);
  };
}
