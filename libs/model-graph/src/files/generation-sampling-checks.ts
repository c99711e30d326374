import { refused, type MemberCheck } from './generation-issue.js';
import { equals, numberOf } from './python-values.js';

/** Below 1 a share has to be at least `least`; above, the library does not look at it. */
const share = (least: number, isIncluded: boolean): MemberCheck => {
  return (value) => {
    if (value === null) return undefined;
    const number = numberOf(value);
    if (number === undefined) return refused('must be a number');
    if (!(number < 1)) return undefined;
    return number > least || (isIncluded && number === least) ? undefined : refused('must not be negative');
  };
};

const numberOrNull: MemberCheck = (value) =>
  value === null || numberOf(value) !== undefined ? undefined : refused('must be a number');

/** What the library asks of the settings of sampling where a config samples. None of them is followed. */
export const SAMPLING: Readonly<Record<string, MemberCheck>> = {
  temperature: (value, { floats }) => {
    if (value === null || equals(value, 1)) return undefined;
    return floats.has('temperature') && Number(value) > 0 ? undefined : refused('must be a float above 0');
  },
  top_k: (value, { floats }) => {
    if (value === null || equals(value, 0)) return undefined;
    const count = numberOf(value);
    return count !== undefined && count > 0 && !floats.has('top_k')
      ? undefined
      : refused('must be a whole number above 0');
  },
  top_p: share(0, true),
  min_p: (value) => {
    if (value === null) return undefined;
    const number = numberOf(value);
    return number !== undefined && number >= 0 && number <= 1 ? undefined : refused('must be a number from 0 to 1');
  },
  typical_p: share(0, false),
  epsilon_cutoff: numberOrNull,
  eta_cutoff: numberOrNull,
};
