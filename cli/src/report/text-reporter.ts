import type { EventOf, Reporter, RunEvent } from '@assay/core/contracts/reporter';
import { ownerText } from '@assay/core/contracts/standing-rule';
import { LiveLine } from './live-line.js';
import { paletteFor, type Palette } from './palette.js';
import { roundTable } from './round-table.js';
import { printable } from '@assay/core/errors/printable';
import { durationText, fetchedText } from './quantities.js';

interface Output {
  write(text: string): boolean;
}
type Describe = { [Name in RunEvent['event']]: (event: EventOf<Name>, palette: Palette) => string | undefined };

/** Events as text. Progress is one line that rewrites itself on a terminal and is left out elsewhere. */
export class TextReporter implements Reporter {
  readonly #live: LiveLine | undefined;
  readonly #palette: Palette;

  constructor(
    options: { live: boolean; width: number },
    private readonly output: Output,
  ) {
    this.#palette = paletteFor(options.live);
    this.#live = options.live ? new LiveLine(output, options.width) : undefined;
  }

  report(event: RunEvent): void {
    const progress = progressOf(event);
    if (progress !== undefined) {
      this.#live?.show(progress);
      return;
    }
    const describe = DESCRIBE[event.event] as (event: RunEvent, palette: Palette) => string | undefined;
    const text = describe(event, this.#palette);
    if (text === undefined) return;
    this.#live?.clear();
    this.output.write(`${text}\n`);
  }

  close(): Promise<void> {
    this.#live?.clear();
    return Promise.resolve();
  }
}

function progressOf(event: RunEvent): string | undefined {
  if (event.event === 'download-progress') {
    return `fetching ${ownerText(event.uid)} ${printable(event.repo, 40)} ${printable(event.path, 40)} ${fetchedText(event)}`;
  }
  if (event.event === 'sampling-started')
    return `${event.competition.name}: drawing ${event.sequences === undefined ? `${event.pages} pages` : `${event.sequences} sequences`} of ${event.dataset} for ${event.task}`;
  if (event.event === 'evaluation-progress') {
    const { uid, repo, phase, done, total, model, models, remainingMs } = event;
    const left = remainingMs === null ? '' : `, about ${durationText(remainingMs)} left`;
    return `${event.competition.name}: model ${model}/${models}, ${ownerText(uid)} ${printable(repo, 40)}, ${phase} ${done}/${total}${left}`;
  }
  return undefined;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const errorLines = (error: { code: string; message: string; hint: string }): string =>
  `${error.code}: ${printable(error.message, 400)}\n    → ${error.hint}`;

const silent = (): undefined => undefined;

const DESCRIBE: Describe = {
  'run-started': (event, { bold, yellow }) =>
    [
      bold(`Assay ${event.version} on netuid ${event.netuid}: ${event.chain}`),
      `  hotkey ${event.hotkey}, data in ${event.dataDir}, ${event.recordedRounds} rounds recorded`,
      ...event.competitions.map(
        ({ id, name, share }) => `  competition ${id} ${name}: ${percent(share)} of the weight`,
      ),
      ...(event.notes ?? []).map((note) => yellow(`  ${note}`)),
      ...(event.mode.length > 0 ? [yellow(`  mode: ${event.mode.join(', ')}`)] : []),
    ].join('\n'),
  'metagraph-synced': ({ block, neurons, commitments, uid }) =>
    `block ${block}: ${neurons} neurons, ${commitments} commitments, own uid ${uid ?? 'none'}`,
  'hotkeys-changed': ({ block, count, changes }) => {
    const shown = changes.slice(0, 5).map(({ uid, change }) => `uid ${uid} ${change}`);
    return `block ${block}: ${[...shown, ...(count > shown.length ? [`${count - shown.length} more`] : [])].join(', ')}`;
  },
  'model-checked': (event, { red, dim }) => {
    const who = `uid ${event.uid} ${printable(event.repo, 40)} (block ${event.block})`;
    if (event.status === 'verified')
      return `verified ${who}: ${event.architecture ?? ''}, ${event.parameterCount ?? 0} parameters`;
    if (event.status === 'resting') return dim(`resting  ${who}: its evaluation delay is not over`);
    return red(`${event.status} ${who}: ${event.error ? errorLines(event.error) : ''}`);
  },
  'claim-taken-in': ({ competition, uid, repo, block, status, reason, error }, { red, dim }) => {
    const what = `${competition.name}: claim of uid ${uid} to ${printable(repo, 40)} (block ${block})`;
    if (error) return red(`${what} ${status}: ${errorLines(error)}`);
    return reason === null ? `${what} ${status}` : dim(`${what} ${status}: ${printable(reason, 200)}`);
  },
  'queue-unblocked': ({ competition, block }) => `${competition.name}: the queue goes on at block ${block}`,
  'download-progress': silent,
  'round-started': ({ competition, block, contenders, syncBlock }, { bold }) =>
    bold(`${competition.name}: round at block ${block}, ${contenders.length} contenders, seed of block ${syncBlock}`),
  'sampling-started': silent,
  'samples-drawn': ({ task, dataset, pages, batches, tokens }) =>
    `  ${task}: ${batches} batches, ${tokens} tokens from ${pages} pages of ${dataset}`,
  'evaluation-progress': silent,
  'evaluation-finished': ({ uid, repo, score, error, sameAs, elapsedMs, notes = [] }, { red, yellow }) => {
    const who = `  ${ownerText(uid)} ${printable(repo, 40)}`;
    const noted = notes.map((note) => yellow(`\n    note: ${printable(note, 400)}`)).join('');
    if (error) return `${red(`${who}: ${errorLines(error)}`)}${noted}`;
    const how = sameAs === null ? ` in ${(elapsedMs / 1000).toFixed(1)} s` : `, the same model as ${ownerText(sameAs)}`;
    return `${who}: ${score?.toFixed(6) ?? ''}${how}${noted}`;
  },
  'round-finished': (event, palette) => {
    const { number, competition, elapsedMs } = event;
    const title = palette.bold(
      `Round ${number}, ${competition.name}, block ${event.block}, ${(elapsedMs / 1000).toFixed(1)} s`,
    );
    const verdict = event.void ? `\n${palette.yellow(`void: ${errorLines(event.void)}`)}` : '';
    const saved = event.saved ? `\n${savedText(event.saved)}` : '';
    return `\n${title}${verdict}\n${roundTable(event, palette)}${paidText(event.paidBeside)}${saved}`;
  },
  'round-skipped': ({ competition, error }, { yellow }) =>
    yellow(`${competition.name}: round skipped. ${errorLines(error)}`),
  'weights-set': ({ block, weights, confirmed, reveal }, { bold }) => {
    const set = `Weights set at block ${block}${confirmed ? ', read back and equal' : ''}`;
    const title = reveal ? `Weights committed at block ${block}; ${revealText(reveal)}` : set;
    return `${bold(title)}\n${weightLines(weights)}`;
  },
  'weights-withheld': ({ reason, weights }, { bold }) =>
    `${bold(`Weights not set (${reason}); they would be`)}\n${weightLines(weights)}`,
  'weights-failed': ({ error, retryInMs }, { red }) =>
    red(
      `Weights not set. ${errorLines(error)}${retryInMs === null ? '' : `\n    again in ${durationText(retryInMs)}`}`,
    ),
  'weights-open': ({ lastBlock }, { yellow }) =>
    yellow(
      `The answer to the last weights was lost. A block up to ${lastBlock} may hold them; nothing else is sent before.`,
    ),
  'weights-settled': ({ status, block, error }, { bold, red }) => {
    if (status === 'refused')
      return red(
        `The chain has refused the last weights at block ${block ?? 'unknown'}. ${error ? errorLines(error) : ''}`,
      );
    if (status === 'lost') return bold('The last weights have not landed; they are sent again.');
    return bold(`The last weights have landed: the chain holds them since block ${block ?? 'unknown'} (${status}).`);
  },
  'weights-revealed': ({ committedAt, block }, { bold }) =>
    bold(`The weights committed at block ${committedAt} are in force since block ${block}.`),
  'weights-waiting': ({ committedAt, reason }, { yellow }) =>
    yellow(`The weights committed at block ${committedAt} are not revealed yet: ${printable(reason, 400)}`),
  'weights-unrevealed': ({ committedAt, reason }, { red }) =>
    red(
      `ALARM: the weights committed at block ${committedAt} will never be in force: ${printable(reason, 400)}` +
        '\n    → New ones are committed when they are due. docs/run/commit-reveal.md lists the causes.',
    ),
  'weights-stale': ({ uid, lastUpdate, blocks, error }, { red }) => {
    const last = lastUpdate === null ? 'has set no weights since its registration' : 'set its last weights';
    const why = error ? `\n    ${errorLines(error)}` : '';
    return red(`ALARM: uid ${uid} ${last} ${blocks} blocks ago, which is more than three tempos.${why}`);
  },
  doppelganger: ({ error }, { red }) => red(`ALARM: ${errorLines(error)}`),
  'store-cleaned': ({ removed, freedBytes }) => `store: ${removed.length} models removed, ${freedBytes} bytes freed`,
  warning: ({ error }, { yellow }) => yellow(errorLines(error)),
  'run-stopped': ({ reason, rounds }, { bold }) =>
    bold(
      reason === 'idle'
        ? `${rounds === 0 ? 'Nothing new to judge' : 'Nothing more to judge'}. Stopped after ${rounds} rounds.`
        : `Stopped (${reason}) after ${rounds} rounds.`,
    ),
};

function paidText(paid: EventOf<'round-finished'>['paidBeside'] = []): string {
  const each = paid.map(({ uid, share }) => `uid ${uid} ${percent(share)}`);
  return each.length === 0 ? '' : `\nPaid without playing: ${each.join(', ')}.`;
}

/** What was not computed in a round. */
function savedText({
  samples,
  used,
  models,
  computed,
  estimatedMs,
}: NonNullable<EventOf<'round-finished'>['saved']>): string {
  const ended = used < samples ? `The round ended after ${used} of ${samples} samples. ` : '';
  const time = estimatedMs === null ? '' : `, which saved about ${durationText(estimatedMs)}`;
  return `${ended}${computed} of ${models * samples} losses were computed${time}.`;
}

const revealText = ({ block, by }: NonNullable<EventOf<'weights-set'>['reveal']>): string =>
  by === 'chain'
    ? `the chain reveals them at block ${block} or later`
    : `this validator reveals them at block ${block} or later`;

/** Where a weight comes from: competitions in which the uid holds something, else a merge rule, as a burn has it. */
function sourcesText(from: EventOf<'weights-set'>['weights'][number]['from']): string {
  const earned = from.filter(({ standing }) => standing > 0);
  return earned.length === 0 ? 'the merge rules, not earned in a competition' : earned.map(sourceText).join(' and ');
}

const sourceText = ({ name, id, share, standing }: EventOf<'weights-set'>['weights'][number]['from'][number]): string =>
  `${percent(share)} x ${standing.toFixed(4)} of ${name || `competition ${id}`}`;

function weightLines(weights: EventOf<'weights-set'>['weights']): string {
  const sorted = [...weights].sort((a, b) => b.share - a.share);
  const shown = sorted
    .slice(0, 10)
    .map(({ uid, share, value, from }) => `  uid ${uid}: ${percent(share)} (${value}), from ${sourcesText(from)}`);
  return [...shown, ...(sorted.length > 10 ? [`  and ${sorted.length - 10} more`] : [])].join('\n');
}
