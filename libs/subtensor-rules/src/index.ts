export { palletErrors } from './pallet-errors.js';
export {
  checkCommit,
  checkReveal,
  checkWeights,
  MOST_UNREVEALED,
  upscaleWeights,
  type WeightsState,
} from './weights.js';
