import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { queue } from '@assay/competition-duel/dist/entrants/queue.js';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { EntrantsRule } from '@assay/core/contracts/entrants-rule';
import type { QueuedClaim } from '@assay/core/contracts/entrants-rule';
import type { Rule } from '@assay/core/contracts/rule';
import { RuleBook } from '@assay/core/rules/rule-book';
import { claimOf, type ClaimEntry } from '@assay/core/runtime/claim-record';
import { ClaimRetry } from '@assay/core/runtime/claim-retry';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { queueOf } from '@assay/core/runtime/intake/claim-queue';
import { ModelCheck } from '@assay/core/runtime/model-check';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { openJournal } from '@assay/plugin-libsql-journal';
import { z } from 'zod';
import { COMPETITION, newSubnet, type Subnet } from './subnet.js';

const pretraining = new RuleBook([]).bind('commitmentSchemes', { rule: 'pretraining' }).rule;

/** The claims of the pretraining subnet, in revealed commitments. */
const sealed: Rule<CommitmentScheme, object> = {
  name: 'test-sealed',
  version: 1,
  summary: 'Claims as the pretraining subnet has them, in revealed commitments.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({ ...pretraining, readFrom: 'revealed-commitments' }),
};

// What a rule binds to is that of its door.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyEntrants = Rule<EntrantsRule<any>, any>;

interface Change extends Omit<NonNullable<Parameters<typeof newSubnet>[0]>, 'provides' | 'competitions'> {
  /** Parameters of the queue. */
  queue?: object;
  isSealed?: boolean;
}

/** The small subnet with a queue for its competition: challengers play one by one. */
export const newQueuedSubnet = ({
  queue: parameters = {},
  isSealed = false,
  ...change
}: Change = {}): Promise<Subnet> =>
  newSubnet({
    provides: { entrantsRules: [queue as AnyEntrants], commitmentSchemes: [sealed] },
    competitions: [{ ...COMPETITION, entrants: { rule: 'queue', ...parameters } }],
    ...(isSealed ? { commitment: { rule: 'test-sealed' } } : {}),
    ...change,
  });

/** The competition of the subnet. */
export const entryOf = ({ deps }: Subnet): NonNullable<ReturnType<typeof deps.competitions.inForce>[number]> => {
  const [entry] = deps.competitions.inForce(deps.view.current.at.number);
  if (!entry) throw new Error('no competition is in force');
  return entry;
};

/** Uids that wait, in order. */
export const waiting = (subnet: Subnet): number[] => queued(subnet).map(({ uid }) => uid);
export const queued = (subnet: Subnet): readonly QueuedClaim[] =>
  queueOf(subnet.deps, entryOf(subnet), subnet.deps.view.current.at.number)?.waiting ?? [];

/** Publishes a model and claims it; the claim is in a block of its own. */
export function claim(subnet: Subnet, uid: number, name: string, loss: number, hash?: 'right' | 'wrong'): void {
  subnet.commit(uid, name, loss, hash);
  subnet.network.advance(1);
}

/** The same as a revealed commitment. */
export function reveal(subnet: Subnet, uid: number, name: string, loss: number): string {
  const { network } = subnet;
  subnet.commit(uid, name, loss);
  const { hotkey } = subnet.neuron(uid);
  const text = network.snapshot().commitments.find((one) => one.hotkey === hotkey)?.data ?? '';
  network.setTimelocked(uid, text, network.head().number + 1);
  network.advance(1);
  return text;
}

/** A look at the first of the queue, then a turn of the competition. */
export async function turn(subnet: Subnet): Promise<void> {
  await subnet.deps.view.refresh(subnet.signal);
  const loop = loopOf(subnet);
  await loop.pass(subnet.signal);
  await new ClaimRetry(subnet.deps, subnet.check).pass(subnet.signal);
  await loop.pass(subnet.signal);
}

const loops = new WeakMap<ModelCheck, EvaluationLoop>();
/** One loop for each run of the validator: it remembers which alarms it has raised. */
export function loopOf(subnet: Subnet): EvaluationLoop {
  const loop = loops.get(subnet.check) ?? new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  loops.set(subnet.check, loop);
  return loop;
}

/** Uids of the rounds so far. */
export const played = (subnet: Subnet): number[][] =>
  subnet.told('round-finished').map(({ rows }) => rows.flatMap(({ uid, score }) => (score === null ? [] : [uid])));

/** Uid and outcome of each recorded intake. */
export const intakes = ({ deps }: Subnet): [number, string][] =>
  claims(deps.state).flatMap(({ claim: { uid }, outcome, intake }) =>
    intake ? [[uid, outcome.status === 'refused' ? outcome.error.code : outcome.status]] : [],
  );

export const claims = ({ journal }: ValidatorState): ClaimEntry[] =>
  journal
    .records(9999, 'claim')
    .reverse()
    .flatMap((record) => claimOf(record, journal) ?? []);

/** The same data folder under a new validator. */
export async function restart(subnet: Subnet): Promise<void> {
  await subnet.deps.state.journal.close();
  subnet.deps.state = new ValidatorState(openJournal({ folder: join(subnet.folder, 'data'), mode: 'write' }));
  subnet.check = new ModelCheck(subnet.deps);
}

/** Revision of a published model, as `Subnet.commit` makes it. */
export const revisionOf = (name: string, loss: number): string =>
  createHash('sha1').update(`${name}${loss}`).digest('hex');
