import { isAssayError } from '@assay/core/errors/assay-error';
import { grownTo, inSchedule, mergeCompetitions, recordWeights } from '@assay/core/judging/moving-average';
import { closeFloats, equal, fields, list, Mismatch, number, numbers, unit, type Fields, type Kind } from '../unit.js';

interface Tracker {
  alpha: number;
  neurons: number;
  averages: Map<number, number[]>;
  /** From here on the reference's stored weights are another's: Assay's rule has applied. */
  diverged: boolean;
}

export const competitionTracker: Kind = ({ cases }) =>
  list(cases).map((item, index) => {
    const given = fields(item);
    const steps = list(given['steps']).map(fields);
    return unit(`cases[${index}]`, steps.some(ruleApplies), () => {
      const tracker: Tracker = {
        alpha: number(given['alpha']),
        neurons: number(given['initial_num_neurons']),
        averages: new Map(),
        diverged: false,
      };
      for (const [step, op] of steps.entries()) play(tracker, op, `steps[${step}] ${String(op['op'])}`);
      equal('final neurons', tracker.neurons, given['final_num_neurons']);
    });
  });

const unusable = (weights: readonly number[]): boolean => weights.some((weight) => !Number.isFinite(weight));
const ruleApplies = (op: Fields): boolean =>
  (op['op'] === 'record' && unusable(numbers(op['weights']))) || (op['op'] === 'subnet_weights' && number(op['threshold']) > 0);

function play(tracker: Tracker, op: Fields, where: string): void {
  if (op['op'] === 'reset') {
    tracker.averages = inSchedule(tracker.averages, numbers(op['ids']));
    if (!tracker.diverged) equal(`${where} left`, [...tracker.averages.keys()].sort(), [...numbers(op['left'])].sort());
  } else if (op['op'] === 'record') {
    record(tracker, op, where);
  } else if (op['op'] === 'subnet_weights') {
    merge(tracker, op, where);
  } else {
    throw new Mismatch(`${where}: no such operation here`);
  }
}

function record(tracker: Tracker, op: Fields, where: string): void {
  const id = number(op['competition']);
  const weights = numbers(op['weights']);
  try {
    tracker.averages.set(id, recordWeights(tracker.averages.get(id), weights, tracker.alpha, tracker.neurons));
  } catch (error) {
    if (!isAssayError(error)) throw error;
    const wanted = weights.length < tracker.neurons ? 'SUBNET_SHRUNK' : 'WEIGHT_NOT_FINITE';
    equal(`${where} refusal`, error.code, wanted);
    equal(`${where} raises`, op['raises'] !== undefined, wanted === 'SUBNET_SHRUNK');
    if (wanted === 'SUBNET_SHRUNK') return;
    // The reference has taken it, and has grown with it.
    tracker.diverged = true;
    grow(tracker, weights.length);
    return;
  }
  equal(`${where} raises`, op['raises'] !== undefined, false);
  grow(tracker, weights.length);
  if (unusable(weights)) throw new Mismatch(`${where}: a non-finite weight was taken`);
  if (!tracker.diverged) closeFloats(`${where} stored`, tracker.averages.get(id) ?? [], op['stored']);
}

function grow(tracker: Tracker, neurons: number): void {
  tracker.neurons = neurons;
  tracker.averages = new Map([...tracker.averages].map(([id, average]) => [id, grownTo(average, neurons)]));
}

function merge(tracker: Tracker, op: Fields, where: string): void {
  const competitions = list(op['competitions']).map((pair) => ({ id: number(list(pair)[0]), share: number(list(pair)[1]) }));
  const threshold = number(op['threshold']);
  const before = JSON.stringify([...tracker.averages]);
  const result = mergeCompetitions(tracker.averages, competitions, tracker.neurons, threshold);
  if (!tracker.diverged) closeFloats(`${where} result`, result, op['result']);
  equal(`${where} leaves the stored weights`, JSON.stringify([...tracker.averages]), before);
  if (threshold > 0) tracker.diverged = true;
  if (tracker.diverged) return;
  for (const [id, expected] of Object.entries(fields(op['stored_after']))) {
    closeFloats(`${where} stored ${id}`, tracker.averages.get(Number(id)) ?? [], expected);
  }
}
