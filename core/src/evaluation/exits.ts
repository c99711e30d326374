/** How a process ended, as errors say it. */
export const exitText = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;

/** Signals that come from outside of the process; a shell or a wrapper reports them as 128 and their number. */
export const isKill = (exit: string): boolean =>
  ['signal SIGKILL', 'signal SIGTERM', 'signal SIGHUP', 'signal SIGINT', 'exit code 137', 'exit code 143'].includes(
    exit,
  );
