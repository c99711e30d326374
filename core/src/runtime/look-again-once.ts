import type { RuntimeDeps } from './context.js';
import { put } from './derived-rows.js';

/**
 * Versions that did not hash stored files before scoring them may have refused or scored badly what their disk had made
 * of a model, and the retry rule keeps such a model off the lists for good. On the first start on a journal of such a
 * version, refusals and past results are forgotten, so that every claim is looked at and judged once more.
 */
export async function lookAgainOnce({ state, log }: Pick<RuntimeDeps, 'state' | 'log'>): Promise<void> {
  if (state.resultsAreVerified()) return;
  const refused = state.models().filter(({ error }) => error !== null);
  const results = state.histories();
  if (refused.length + results.length > 0)
    log('info', 'claims are looked at again once: an earlier version did not verify stored files', {
      refused: refused.length,
      results: results.length,
    });
  await state.write(
    ...refused.map(({ hotkey }) => put.forgetModel(hotkey)),
    ...results.map(({ competition, hotkey }) => put.history(competition, hotkey, undefined)),
    put.resultsAreVerified(),
  );
}
