/** The reference validator's spellings, so that an operator's start script goes on working. */
const RENAMED: Readonly<Record<string, readonly string[]>> = {
  '--sample_min': ['--sample-min'],
  '--updated_models_limit': ['--updated-models-limit'],
  '--dont_set_weights': ['--dont-set-weights'],
  '--model_dir': ['--model-dir'],
  '--logging.debug': ['--log-level', 'debug'],
  '--logging.trace': ['--log-level', 'debug'],
  '--logging.info': ['--log-level', 'info'],
};

/** Flags that mean nothing here, and how many values follow them. */
const WITHOUT_EFFECT: Readonly<Record<string, { values: number; because: string }>> = {
  '--wandb.off': { values: 0, because: 'no remote reporter is configured' },
  '--wandb_project': { values: 1, because: 'no remote reporter is configured' },
  '--wandb_max_steps_per_run': { values: 1, because: 'no remote reporter is configured' },
  '--blocks_per_epoch': { values: 1, because: 'the reference reads it nowhere either' },
  '--logging.record_log': { values: 0, because: 'the log goes to stderr' },
  '--logging.logging_dir': { values: 1, because: 'the log goes to stderr' },
  '--auto_update': { values: 0, because: 'Assay does not update itself' },
};

/** Arguments with the old spellings made new, and a note for each one that has no effect. */
export function modernArguments(given: readonly string[]): { args: string[]; notes: string[] } {
  const args: string[] = [];
  const notes: string[] = [];
  for (let index = 0; index < given.length; index += 1) {
    const argument = given[index] ?? '';
    const [name, value] = splitOnce(argument);
    const renamed = RENAMED[name];
    const ignored = WITHOUT_EFFECT[name];
    if (renamed) {
      args.push(...renamed, ...(value === undefined ? [] : [value]));
    } else if (ignored) {
      notes.push(`${name} has no effect: ${ignored.because}.`);
      if (value === undefined) index += ignored.values;
    } else {
      args.push(argument);
    }
  }
  return { args, notes };
}

function splitOnce(argument: string): [string, string?] {
  const equals = argument.indexOf('=');
  return argument.startsWith('--') && equals > 0 ? [argument.slice(0, equals), argument.slice(equals + 1)] : [argument];
}
