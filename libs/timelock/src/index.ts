export { timelockErrors } from './errors.js';
export { OVERHEAD_BYTES } from './layout.js';
export { roundAt, timeOf } from './rounds.js';
export { decryptWithSignature, encryptToRound, type Randomness } from './timelock.js';
