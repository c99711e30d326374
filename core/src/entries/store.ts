/** For a source of models: its errors, and the keeper that makes a store of it, e.g. in its tests. */
export type { ModelSource, ModelStore, RepoListing } from '../contracts/model-store.js';
export { repoName } from '../contracts/model.js';
export { storeErrors } from '../model/errors.js';
export { ModelKeeper } from '../model/store/keeper.js';
export { requireStorable } from '../model/storable-files.js';
