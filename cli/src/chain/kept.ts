import type { RoundJournal } from '@assay/core/contracts/round-journal';
import type { Neuron } from '@assay/core/contracts/chain-client';
import type { WeightCommit } from '@assay/core/runtime/tables';

/** What the data folder says about the weights of a hotkey. */
export interface KeptWeights {
  /** Block at which a run has seen the hotkey's registration first. */
  since: number;
  /** Commits that are not revealed yet, the oldest first. */
  commits: Pick<WeightCommit, 'block' | 'reveal' | 'waitsFor'>[];
  /** Whether the answer to a submission was lost, and its fate is not known yet. */
  isOpen: boolean;
  /** Block of another validator's newest weights; null where none is known. */
  doppelganger: number | null;
}

/** Of the journal that a run of this hotkey writes; null where there is none, or where it is of another hotkey. */
export async function keptWeights(
  journal: RoundJournal | null,
  neuron: Pick<Neuron, 'hotkey' | 'uid' | 'registeredAt'> | null,
): Promise<KeptWeights | null> {
  if (!journal || !neuron) return null;
  const { ValidatorState } = await import('@assay/core/runtime/validator-state');
  const state = new ValidatorState(journal);
  const known = state.ownUpdate();
  if (known?.hotkey !== neuron.hotkey || known.uid !== neuron.uid || known.registeredAt !== neuron.registeredAt)
    return null;
  return {
    since: known.since,
    commits: state.weightCommits().map(({ block, reveal, waitsFor }) => ({
      ...{ block, reveal },
      ...(waitsFor === undefined ? {} : { waitsFor }),
    })),
    isOpen: state.weightsIntent() !== undefined,
    doppelganger: state.doppelganger()?.lastUpdate ?? null,
  };
}
