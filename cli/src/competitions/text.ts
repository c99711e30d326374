import type { Palette } from '../report/palette.js';
import type { CompetitionDescription } from './describe.js';

const whole = new Intl.NumberFormat('en-US');
const percent = (share: number): string => `${Number((share * 100).toFixed(4))} %`;

/** Everything about some competitions, a block of lines each. */
export function competitionsText(described: readonly CompetitionDescription[], palette: Palette): string {
  return described
    .map((one) =>
      [palette.bold(`${one.name}  (competition ${one.id}, package ${one.package})`), ...linesOf(one, palette)].join(
        '\n',
      ),
    )
    .join('\n\n');
}

function linesOf(one: CompetitionDescription, palette: Palette): string[] {
  const { constraints, tokenizer, tasks, shares, credentials } = one;
  return [
    ...(one.judges.length === 1 && one.judges[0] === one.id
      ? []
      : [line('judges', `models committed to ${one.judges.join(', ')}`)]),
    line(
      'models',
      `${count(constraints.minParameters)} to ${count(constraints.maxParameters)} parameters, at most ${bytes(constraints.maxBytes)}`,
    ),
    line('', constraints.architectures.map((name) => name.replace(/(ForCausalLM|LMHeadModel)$/, '')).join(', ')),
    line('checks', one.entryChecks.map(choiceText).join(', ')),
    line(
      'sequences',
      `${constraints.sequenceLength} tokens of ${tokenizerText(tokenizer)}, compared by ${one.match.rule}`,
    ),
    ...tasks.map((task, index) =>
      line(
        index === 0 ? 'tasks' : '',
        `${weightText(task.weight)}  ${task.name}: ${task.dataset}, ${amountText(task)}, ${task.maxBatches === null ? 'all batches' : `at most ${task.maxBatches} batches`}${task.installed ? '' : palette.red(' (not installed)')}`,
      ),
    ),
    line('epsilon', epsilonText(one.epsilon)),
    line('', plot(one.epsilon.points.map(({ epsilon }) => epsilon))),
    ...(shares.length === 0 ? [line('share', 'none: no schedule names it')] : []),
    ...shares.map(({ subnet, fromBlock, untilBlock, share }, index) =>
      line(
        index === 0 ? 'share' : '',
        `${percent(share)} of ${subnet} from block ${whole.format(fromBlock)} ${untilBlock === null ? 'on' : `to ${whole.format(untilBlock - 1)}`}`,
      ),
    ),
    ...(credentials.length === 0 ? [line('credentials', 'none')] : []),
    ...credentials.flatMap(({ variables, datasets, found, page }, index) => [
      line(
        index === 0 ? 'credentials' : '',
        `${variables.join(' and ')} for ${datasets.join(', ')}: ${found === null ? palette.red('missing') : palette.green(found === 'environment' ? 'set' : `in ${found}`)}`,
      ),
      ...(found === null ? [line('', `terms at ${page}, steps in docs/run/credentials.md`)] : []),
    ]),
  ];
}

const line = (head: string, text: string): string => `  ${head.padEnd(12)} ${text}`;

/** A rule as it is chosen, e.g. `near-copy (share 0.8)`. */
function choiceText({ rule, ...parameters }: CompetitionDescription['entryChecks'][number]): string {
  const given = Object.entries(parameters).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return given.length === 0 ? rule : `${rule} (${given.join(', ')})`;
}

function amountText({ pages, parameters }: CompetitionDescription['tasks'][number]): string {
  const { sequences } = parameters;
  return pages === null && typeof sequences === 'number' ? `${sequences} sequences` : `${pages ?? 0} pages`;
}

const weightText = (weight: number | 'samples'): string => (weight === 'samples' ? 'by batches' : percent(weight));

function epsilonText({ points, decayBlocks }: CompetitionDescription['epsilon']): string {
  const first = percent(points[0]?.epsilon ?? 0);
  if (decayBlocks === 0) return `${first}, always`;
  return `${first} when committed, down to ${percent(points.at(-1)?.epsilon ?? 0)} after ${whole.format(decayBlocks)} blocks (${(decayBlocks / 7200).toFixed(1)} days)`;
}

const BARS = '▁▂▃▄▅▆▇█';

/** A line of bars from nothing to the highest. */
function plot(values: readonly number[]): string {
  const highest = Math.max(...values, Number.MIN_VALUE);
  return values.map((value) => BARS[Math.round((value / highest) * (BARS.length - 1))] ?? '').join('');
}

function tokenizerText(tokenizer: CompetitionDescription['tokenizer']): string {
  switch (tokenizer.kind) {
    case 'builtin':
      return tokenizer.name;
    case 'folder':
      return tokenizer.path;
    case 'hub':
      return `${tokenizer.repo} at ${tokenizer.revision}`;
    case 'none':
      return `a vocabulary of ${tokenizer.vocabularySize}`;
  }
}

function count(parameters: number): string {
  if (parameters >= 1e9) return `${Number((parameters / 1e9).toFixed(2))} B`;
  return parameters >= 1e6 ? `${Number((parameters / 1e6).toFixed(1))} M` : whole.format(parameters);
}

const bytes = (size: number): string =>
  size < 1024 ** 2
    ? `${whole.format(size)} bytes`
    : size >= 1024 ** 3
      ? `${Number((size / 1024 ** 3).toFixed(1))} GiB`
      : `${Number((size / 1024 ** 2).toFixed(1))} MiB`;
