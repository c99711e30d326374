import type { ErrorPayload } from '../errors/assay-error.js';
import { ownerText } from '../contracts/standing-rule.js';
import { defineErrors } from '../errors/define-errors.js';
import { printable } from '../errors/printable.js';

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** Two failed tries of a model, and the model that was scored between them. */
interface BlamedTries extends ErrorPayload {
  tries: readonly { code: string; message: string }[];
  control: { uid: number; parameterCount: number };
}

export const runtimeErrors = defineErrors({
  DEADLINE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; ms: number }) => `${p.what} took longer than ${seconds(p.ms)}.`,
    hint: () => 'Check the connection to the service; the deadline is set under `cadences` in the config file.',
  },
  NOT_REGISTERED: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string; netuid: number }) => `Hotkey ${p.hotkey} is not registered on netuid ${p.netuid}.`,
    hint: () => 'Register it first, pass another one, or try without registration: validator run --offline.',
  },
  JOURNAL_OF_ANOTHER_SUBNET: {
    fault: 'config',
    retry: 'never',
    message: (p: { recorded: number; netuid: number; dataDir: string }) =>
      `The journal in ${p.dataDir} is of netuid ${p.recorded}, and this run is of netuid ${p.netuid}.`,
    hint: () => 'Give each subnet a folder of its own: `dataDir` in the config, or --data-dir.',
  },
  STATE_NOT_EMPTY: {
    fault: 'config',
    retry: 'never',
    message: (p: { type: string; records: number }) =>
      `This data folder has ${p.records} records of the type ${p.type} already, and an import would change what follows from them.`,
    hint: () => 'Import into a data folder of its own: --data-dir FOLDER, and dataDir in the config file afterwards.',
  },
  FOREIGN_JOURNAL: {
    fault: 'config',
    retry: 'never',
    message: (p: { position: number; reason: string }) =>
      `Record ${p.position} of the exported journal can't be taken over: ${printable(p.reason, 300)}.`,
    hint: () =>
      'Ask for the whole journal, as validator journal export --all writes it, of a validator that you trust.',
  },
  FOREIGN_JOURNAL_INCOMPLETE: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string; known: number; all: number }) =>
      `The exported journal lacks claims of ${printable(p.competition, 100)}: it has ${p.known} of ${p.all} notes of hotkeys and models that had their turn.`,
    hint: () => 'Ask for the whole journal, as validator journal export --all writes it.',
  },
  CLAIM_WITHOUT_COMPETITION: {
    fault: 'config',
    retry: 'next-round',
    message: (p: { block: number }) =>
      `The claims of this subnet name no competition, and at block ${p.block} not exactly one is in force.`,
    hint: () =>
      "Tell the subnet's owner: a commitment scheme that names no competition needs a schedule with one at a time.",
  },
  DEFENDER_UNAVAILABLE: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { competition: string; repo: string; code: string; reason: string }) =>
      `The model ${p.repo}, which reigns in ${p.competition}, can't be had (${p.code}): ${p.reason}`,
    hint: () =>
      'Make its repo and the disk of this machine available: rounds wait for it meanwhile, challengers keep their places, and the weights stay.',
  },
  DENIED: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string; reason: string }) =>
      `The operator of this validator denies ${printable(p.what, 200)}: ${printable(p.reason, 300)}`,
    hint: () => 'Remove the entry under `deny` in the config file and start the validator again to let it play.',
  },
  HOTKEY_LEFT: {
    fault: 'miner',
    retry: 'never',
    message: () => 'The hotkey left the subnet before its turn.',
    hint: () => 'Keep the hotkey registered until its model has been judged: its claim had its only turn.',
  },
  QUEUE_BLOCKED: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { competition: string; uid: number; hotkey: string; repo: string; code: string }) =>
      `Everybody who waits in ${p.competition} waits for uid ${p.uid} (hotkey ${p.hotkey}): its model ${printable(p.repo, 200)} can't be looked at here (${p.code}).`,
    hint: () =>
      'Mend what the code names; validator queue shows who waits. Name the hotkey under `deny` in the config file to pass it over, if every validator of the subnet does.',
  },
  HISTORY_UNKNOWN: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { competition: string; block: number; unknown: readonly { about: string; since: number }[] }) =>
      `This validator looks at ${p.competition} for the first time at block ${p.block}, and does not know ${p.unknown.map(({ about, since }) => `${about} since block ${since}`).join(', nor ')}. It judges nothing there and sets no weights.`,
    hint: (p: { competition: string }) =>
      `Stop this validator and take the history over: validator state import FILE, with the exported journal of another validator; or write it under \`history: { ${p.competition}: ... }\` in the config file.`,
  },
  HISTORY_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string; member: string; issues: readonly string[] }) =>
      `\`history.${p.competition}.${p.member}\` in the config is not what the rule of the competition reads:\n${p.issues.map((issue) => `  ${issue}`).join('\n')}`,
    hint: () => "Correct it in the config file; the documentation of the competition's rules says what stands there.",
  },
  SEED_UNAVAILABLE: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { syncBlock: number }) => `The hash of sync block ${p.syncBlock} can't be had, so no seed is shared.`,
    hint: () => "The round is skipped: another seed would mean other samples than everybody else's. Check the node.",
  },
  DATASET_UNAVAILABLE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { competition: string; task: string; dataset: string; reason: string }) =>
      `Dataset ${p.dataset} of task ${p.task} can't be had: ${p.reason}`,
    hint: (p: { competition: string }) =>
      `The round of ${p.competition} is skipped and its standing kept; \`onDatasetFailure: renormalise\` judges without the task.`,
  },
  DATASET_EMPTY: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { competition: string; task: string; dataset: string }) =>
      `Dataset ${p.dataset} gave task ${p.task} no full batch.`,
    hint: () => 'The round is skipped and the standing kept. Draw more pages, or shorten the sequences.',
  },
  KIND_UNSUPPORTED: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string; kind: string }) =>
      `Competition ${p.competition} has a task of kind ${p.kind}, which the evaluator can't do.`,
    hint: () =>
      'Name an evaluator that declares this kind, or leave the competition out: it then holds no weight here.',
  },
  ARCHITECTURES_UNSUPPORTED: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string; architectures: readonly string[]; by: string; supported: readonly string[] }) =>
      `Competition ${p.competition} allows ${p.architectures.join(', ')}, which the ${p.by} does not know; it knows ${p.supported.join(', ')}.`,
    hint: () =>
      'Add the package that brings the architecture under `plugins`, mend its module where a warning above says that it is left out, or choose an evaluator that has it: miners would be blamed for models that their subnet allows.',
  },
  TENSORS_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string }) =>
      `An entry check of competition ${p.competition} compares the weights of models, and the inspector does not say what they are.`,
    hint: () =>
      'Choose an inspector that lists and samples tensors, as `inspector: { use: onnxruntime }` does: without it copies would win here and nowhere else.',
  },
  COMPETITION_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { id: number; block: number; name?: string }) =>
      `The schedule names competition ${p.id}${p.name === undefined ? '' : ` (${p.name})`} at block ${p.block}, and nothing here can judge it.`,
    hint: () =>
      'Install its package and name it under `plugins`. Until it has run it hands out no weight, and the others share its part.',
  },
  EVALUATOR_SICK: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { reason: string }) => `The evaluator can't score a model whose score is known: ${p.reason}`,
    hint: () =>
      'No model is blamed: the round is skipped and the standing kept. Check memory, device and drivers, and run validator evaluate on a model that you know.',
  },
  MODEL_BREAKS_EVALUATOR: {
    fault: 'miner',
    retry: 'never',
    message: (p: BlamedTries) =>
      `The evaluator crashed on this model in ${p.tries.length} of ${p.tries.length} tries, and not on the model of ${ownerText(p.control.uid)} between them.`,
    hint: () => 'Run validator evaluate on it. If the files are sound, tell the developers.',
  },
  MODEL_EXCEEDS_LIMITS: {
    fault: 'miner',
    retry: 'never',
    message: (p: BlamedTries) =>
      `This model was not scored in ${p.tries.length} tries (${p.tries.map(({ code }) => code).join(', ')}), between which the model of ${ownerText(p.control.uid)}, of ${p.control.parameterCount} parameters, was.`,
    hint: () => 'Run validator evaluate on it and compare time and memory with those of other models of its size.',
  },
  ROUND_DEADLINE: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { ms: number }) => `The round's ${seconds(p.ms)} were over before this model's turn.`,
    hint: () => 'Raise cadences.roundDeadline or lower sampleMin; the model keeps its standing and waits.',
  },
  MODEL_NOT_STORED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { repo: string; code: string }) =>
      `The stored files of ${p.repo} are gone or have changed, and can't be fetched again (${p.code}).`,
    hint: () => 'Check the disk. Do not delete from the store by hand: the validator cleans it itself.',
  },
  COMPETITION_NOT_SCHEDULED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { id: number; block: number }) => `Competition ${p.id} was not open at block ${p.block}.`,
    hint: () => 'Commit to a competition of the schedule: validator config show lists them.',
  },
  STANDING_INCOMPLETE: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { competition: string; unknown: readonly { uid: number; code: string }[] }) =>
      `Competition ${p.competition} has no standing yet${p.unknown.length > 0 ? `, for something is not known of uid ${p.unknown.map(({ uid, code }) => `${uid} (${code})`).join(', ')}` : ''}: its share would go to others.`,
    hint: () => 'Wait for its first round that counts; look at the warnings for what keeps it from counting.',
  },
  STATE_DERIVED_AGAIN: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { tables: readonly string[] }) =>
      `Stored state was damaged and is derived again from the recorded rounds: ${p.tables.join(', ')}.`,
    hint: () => 'Check the disk and the memory of this machine. Nothing else is to be done.',
  },
  CLOCK_JUMPED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { seconds: number }) =>
      `The clock of this machine jumped ${p.seconds < 0 ? 'back' : 'forward'} by ${Math.abs(p.seconds)} s while the validator ran.`,
    hint: () =>
      'Check the time service of the machine. Deadlines and pauses do not follow the jump; times in events and records do.',
  },
  CLOCK_BEHIND_JOURNAL: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { seconds: number }) =>
      `The journal holds a time that is ${p.seconds} s later than the clock of this machine.`,
    hint: () =>
      'Check the time service of the machine: the clock is wrong now, or it was wrong when the journal was written. Weights are set without waiting for that time.',
  },
  DOPPELGANGER: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string; uid: number; lastUpdate: number; expected: number }) =>
      `Another validator sets weights with hotkey ${p.hotkey}: the chain shows an update of uid ${p.uid} at block ${p.lastUpdate}, and the newest of this validator is of block ${p.expected}.`,
    hint: () =>
      'Stop the other validator, then start this one with --i-am-the-only-one, or again without it once the other has been silent for a tempo. Until then this one sets no weights.',
  },
  REVEAL_OWED: {
    fault: 'config',
    retry: 'never',
    message: (p: { committedAt: number; block: number }) =>
      `The weights committed at block ${p.committedAt} come into force only when a run of this validator reveals them, from block ${p.block} on.`,
    hint: () => 'Start the validator again before then, without --once, and keep it going.',
  },
  WEIGHTS_EMPTY: {
    fault: 'validator',
    retry: 'backoff',
    message: () => 'No competition has given any weight yet.',
    hint: () => 'Weights follow after the first round that is not void.',
  },
});
