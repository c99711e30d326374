const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** `12.3 of 45.0 MB` */
export function shareOf({ path, done, total }: { path: string; done: number; total: number }): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, total)) / 3));
  const inUnits = (bytes: number): string => (bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1);
  return `${path}: ${inUnits(done)} of ${inUnits(total)} ${UNITS[power] ?? ''}`;
}
