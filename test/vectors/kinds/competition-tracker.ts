import { isAssayError } from '@assay/core/errors/assay-error';
import { nextAverage } from '@assay/core/judging/moving-average';
import { grownTo, inSchedule, mergeCompetitions } from '../../pretraining.js';
import { closeFloats, equal, fields, list, Mismatch, number, numbers, units, type Fields, type Kind } from '../unit.js';

interface Tracker {
  alpha: number;
  neurons: number;
  averages: Map<number, number[]>;
  /** Competitions whose stored weights are the reference's no longer: Assay's rule has applied to them. */
  diverged: Set<number>;
}

export const competitionTracker: Kind = (content) =>
  units(content, 'cases', (given) => {
    const steps = list(given['steps']).map(fields);
    const tracker: Tracker = {
      alpha: number(given['alpha']),
      neurons: number(given['initial_num_neurons']),
      averages: new Map(),
      diverged: new Set(),
    };
    for (const [step, op] of steps.entries()) play(tracker, op, `steps[${step}] ${String(op['op'])}`);
    equal('final neurons', tracker.neurons, given['final_num_neurons']);
    return steps.some(ruleApplies) ? 'assay' : 'reference';
  });

const unusable = (weights: readonly number[]): boolean => weights.some((weight) => !Number.isFinite(weight));
const ruleApplies = (op: Fields): boolean =>
  (op['op'] === 'record' && unusable(numbers(op['weights']))) ||
  (op['op'] === 'subnet_weights' && number(op['threshold']) > 0);

function play(tracker: Tracker, op: Fields, where: string): void {
  if (op['op'] === 'reset') reset(tracker, op, where);
  else if (op['op'] === 'record') record(tracker, op, where);
  else if (op['op'] === 'subnet_weights') merge(tracker, op, where);
  else throw new Mismatch(`${where}: no such operation here`);
}

function reset(tracker: Tracker, op: Fields, where: string): void {
  tracker.averages = inSchedule(tracker.averages, numbers(op['ids']));
  // A competition whose only record was refused here is known to the reference alone.
  const agreed = (ids: Iterable<number>): number[] =>
    [...ids].filter((id) => !tracker.diverged.has(id)).sort((a, b) => a - b);
  equal(`${where} left`, agreed(tracker.averages.keys()), agreed(numbers(op['left'])));
  // What is dropped starts again from nothing on both sides.
  tracker.diverged = new Set([...tracker.diverged].filter((id) => numbers(op['left']).includes(id)));
}

function record(tracker: Tracker, op: Fields, where: string): void {
  const id = number(op['competition']);
  const weights = numbers(op['weights']);
  const refusal = refusalOf(() => {
    tracker.averages.set(id, nextAverage(tracker.averages.get(id), weights, tracker.alpha, tracker.neurons));
  });
  const shrinks = weights.length < tracker.neurons;
  equal(`${where} raises`, op['raises'] !== undefined, shrinks);
  equal(`${where} refusal`, refusal, shrinks ? 'SUBNET_SHRUNK' : unusable(weights) ? 'WEIGHT_NOT_FINITE' : null);
  if (shrinks) return;
  grow(tracker, weights.length);
  // The reference has taken what is refused here.
  if (refusal !== null) tracker.diverged.add(id);
  if (!tracker.diverged.has(id)) closeFloats(`${where} stored`, tracker.averages.get(id) ?? [], op['stored']);
}

/** Code of the error that Assay refuses with; null when it does not. */
function refusalOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (isAssayError(error)) return error.code;
    throw error;
  }
}

function grow(tracker: Tracker, neurons: number): void {
  tracker.neurons = neurons;
  tracker.averages = new Map([...tracker.averages].map(([id, average]) => [id, grownTo(average, neurons)]));
}

function merge(tracker: Tracker, op: Fields, where: string): void {
  const competitions = list(op['competitions']).map((pair) => ({
    id: number(list(pair)[0]),
    share: number(list(pair)[1]),
  }));
  const threshold = number(op['threshold']);
  const before = JSON.stringify([...tracker.averages]);
  const result = mergeCompetitions(tracker.averages, competitions, tracker.neurons, threshold);
  equal(`${where} leaves the stored weights`, JSON.stringify([...tracker.averages]), before);
  if (!competitions.some(({ id }) => tracker.diverged.has(id))) closeFloats(`${where} result`, result, op['result']);
  if (threshold > 0) for (const { id } of competitions) tracker.diverged.add(id);
  for (const [id, expected] of Object.entries(fields(op['stored_after']))) {
    if (!tracker.diverged.has(Number(id)))
      closeFloats(`${where} stored ${id}`, tracker.averages.get(Number(id)) ?? [], expected);
  }
}
