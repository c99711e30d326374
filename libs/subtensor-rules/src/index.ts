export { palletErrors } from './pallet-errors.js';
export {
  checkCommit,
  checkHotkeys,
  checkEncoding,
  checkReveal,
  checkWeights,
  MOST_UNREVEALED,
  upscaleWeights,
  type WeightsCall,
  type WeightsState,
} from './weights.js';
