export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * For operators reading stderr. A fixed message plus a context, never interpolation; text that came from the network
 * only in the context and never above `debug`; secrets never.
 */
export type Log = (level: LogLevel, message: string, context?: Record<string, unknown>) => void;
