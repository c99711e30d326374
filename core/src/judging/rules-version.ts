/** Grows whenever the same entry could get another verdict; a replay refuses entries of a version it does not know. */
export const RULES_VERSION = 1;
