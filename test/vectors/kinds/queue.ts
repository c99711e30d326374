import type { TakenClaim } from '@assay/core/contracts/entrants-rule';
import { repoName } from '@assay/core/contracts/model';
import { queue } from '@assay/competition-duel/dist/entrants/queue.js';
import { equal, fields, list, number, text, units, type Fields, type Kind } from '../unit.js';

const rule = queue.bind(queue.parameters.parse({}));
type Intake = NonNullable<typeof rule.intake>;
type State = Parameters<typeof rule.next>[0];

/** What the reference calls the refusals that this rule has codes for. */
const CODES: Readonly<Record<string, string>> = { DIGEST_SUBMITTED_BEFORE: 'digest_already_completed' };

/** A queue beside the king, as the engine keeps it. */
class Queue {
  state: State;
  readonly #marks = new Set<string>();

  constructor(private readonly king: string) {}

  reveal(claim: TakenClaim): { queued: boolean; refused: string | null } {
    const context = { block: claim.block, incumbents: [this.king], isMarked: (mark: string) => this.#marks.has(mark) };
    const taken = rule.intake?.take(this.state, claim, context);
    if (!taken || taken.status === 'ignored') return { queued: false, refused: null };
    this.state = taken.state;
    for (const mark of taken.marks) this.#marks.add(mark);
    const code = taken.status === 'refused' ? taken.error.code : null;
    return { queued: taken.status === 'queued', refused: code === null ? null : (CODES[code] ?? code) };
  }

  /** The challenger whose turn it is; it has lost its duel. */
  take(): { hotkey: string; model_repo: string } | undefined {
    const waiting = this.waiting.map((claim) => ({ ...claim, digest: '', isKept: false }));
    const [hotkey] = rule.select(this.state, waiting, { block: 0, incumbents: [this.king] });
    const head = waiting.find((claim) => claim.hotkey === hotkey);
    if (!head) return undefined;
    const contender = { ...head, score: 1, record: null, outcome: 'scored' as const };
    this.state = rule.next(this.state, {
      contenders: [contender],
      winner: null,
      seats: [],
      block: 0,
      shares: [],
    }).state;
    return { hotkey: head.hotkey, model_repo: repoName(head.reference) };
  }

  get waiting(): ReturnType<Intake['queue']> {
    return this.state && rule.intake ? rule.intake.queue(this.state) : [];
  }
}

const claimOf = (given: Fields): TakenClaim => {
  const [namespace = '', ...name] = text(given['model_repo']).split('/');
  const reference = { namespace, name: name.join('/'), revision: text(given['model_digest']) };
  const hotkey = text(given['hotkey']);
  return { uid: 0, hotkey, coldkey: '', block: number(given['block']), commitment: '', reference };
};

export const queues: Kind = (content) =>
  units(content, 'cases', (given) => {
    const held = new Queue(text(given['king_hotkey']));
    for (const [index, step] of list(given['steps']).map(fields).entries()) {
      if ('taken' in step) equal(`steps[${index}]`, held.take(), step['taken']);
      else {
        const { queued, refused } = held.reveal(claimOf(fields(step['reveal'])));
        equal(`steps[${index}]`, { queued, refused }, { queued: step['queued'], refused: step['refused'] });
      }
    }
    const waiting = held.waiting.map(({ hotkey, block, reference }) => ({
      ...{ hotkey, model_repo: repoName(reference), model_digest: reference.revision, block },
    }));
    equal('queue', waiting, given['queue']);
    return 'reference';
  });
