export { palletErrors } from './pallet-errors.js';
export {
  checkCommit,
  checkHotkeys,
  checkReveal,
  checkWeights,
  MOST_UNREVEALED,
  upscaleWeights,
  type WeightsState,
} from './weights.js';
