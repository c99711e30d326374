import { WriteStream } from 'node:tty';

/** Whether a person is watching: colour and lines that move are for them alone. (`isTTY` is absent, not false, where nobody is.) */
export const isTerminal = (stream: NodeJS.WriteStream): stream is WriteStream =>
  stream instanceof WriteStream && process.env['TERM'] !== 'dumb';
