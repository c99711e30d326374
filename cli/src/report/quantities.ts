import type { FetchProgress } from '@assay/core/contracts/model-store';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units, as disks and networks are sold: `3.1 GB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.95 && unit < UNITS.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

export const durationText = (ms: number): string =>
  ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;

/** How far a download is, how fast it goes, and how long it will take. */
export function fetchedText({ done, total, bytesPerSecond, remainingMs }: Omit<FetchProgress, 'path'>): string {
  const share = total > 0 ? Math.floor((done / total) * 100) : 100;
  const rate = bytesPerSecond === undefined ? '' : `, ${bytesText(bytesPerSecond)}/s`;
  const left = remainingMs === undefined ? '' : `, about ${durationText(remainingMs)} left`;
  return `${share} % of ${bytesText(total)}${rate}${left}`;
}

const RAO_PER_TAO = 1_000_000_000n;

/**
 * Rao in TAO with three digits after the point, rounded down: what is shown as the threshold has reached it. With all nine
 * where three would show nothing of it.
 */
export function taoText(rao: bigint): string {
  const digits = String(rao % RAO_PER_TAO).padStart(9, '0');
  const isTiny = rao > 0n && rao < RAO_PER_TAO / 1000n;
  return `${rao / RAO_PER_TAO}.${isTiny ? digits : digits.slice(0, 3)} TAO`;
}

export const taoNumber = (rao: bigint): number => Number(rao) / Number(RAO_PER_TAO);
