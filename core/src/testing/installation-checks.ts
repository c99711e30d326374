import type { Competition, EvalTask } from '../competition/competition.js';
import type { SubnetProfile } from '../competition/profile.js';
import type { Evaluator, ModelInspector } from '../contracts/evaluator.js';
import type { TokenizerLoader } from '../contracts/tokenizer.js';
import { asDataset } from '../datasets/document-dataset.js';
import { isAssayError } from '../errors/assay-error.js';
import { credentialsOf } from '../plugin/credentials.js';
import type { DatasetDeps } from '../plugin/plugin.js';
import { checkedOptions, type PluginRegistry } from '../plugin/registry.js';
import { runtimeErrors } from '../runtime/errors.js';
import { requireArchitectures } from '../runtime/require-architectures.js';
import { demand, type Check } from './checks.js';

/** What a package stands beside: without it, what the package names can't be looked up. */
export interface Installation {
  /** All that is installed, the package included. */
  registry: PluginRegistry;
  /** The config file's options of datasets. */
  datasets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  tokenizers: () => Promise<TokenizerLoader>;
  evaluator: () => Promise<Evaluator>;
  inspector: () => Promise<ModelInspector>;
  datasetDeps: DatasetDeps;
}

/** Whether everything that a competition names is there. Nothing is asked of any service. */
export function installedCompetitionChecks(
  competition: Competition,
  installation: Installation,
): Record<string, Check> {
  const { registry, datasets, tokenizers, evaluator, inspector, datasetDeps } = installation;
  const { signal } = new AbortController();
  const made = (task: EvalTask): { open: () => Promise<void> } => {
    const implementation = registry.dataset(competition, task.name, task.dataset);
    const given = { ...task.datasetOptions, ...datasets[task.dataset] };
    const options: unknown = checkedOptions(
      `dataset ${task.dataset} of task ${task.name}`,
      implementation.options,
      given,
    );
    const open = async (): Promise<void> => {
      const dataset = asDataset(await implementation.create(options, datasetDeps, signal));
      // Those with credentials would ask their service.
      if (credentialsOf(implementation, given).length > 0) return;
      await dataset.requireAccess?.(signal).catch((error: unknown) => {
        if (isAssayError(error) && error.fault === 'config') throw error;
      });
    };
    return { open };
  };
  return {
    'draws from datasets that are installed, with options that they take': async () => {
      for (const task of competition.tasks) await made(task).open();
    },
    'has a tokenizer that opens': async () => {
      if (competition.tokenizer.kind === 'hub' || competition.tokenizer.kind === 'none') return;
      const { eosTokenId, vocabularySize } = await (await tokenizers()).load(competition.tokenizer, signal);
      demand(
        Number.isInteger(eosTokenId) && eosTokenId >= 0 && eosTokenId < vocabularySize,
        `its end of text is ${eosTokenId}, its vocabulary ${vocabularySize}`,
      );
    },
    'asks for nothing that the evaluator can not do': async () => {
      const parts = { evaluator: await evaluator(), inspector: await inspector() };
      const unsupported = competition.tasks.find(({ kind }) => !parts.evaluator.kinds.includes(kind));
      if (unsupported) throw runtimeErrors.KIND_UNSUPPORTED({ competition: competition.name, kind: unsupported.kind });
      await requireArchitectures(competition, parts, signal);
    },
  };
}

export function installedProfileChecks({ schedule }: SubnetProfile, { registry }: Installation): Record<string, Check> {
  return {
    'schedules competitions that are installed, where it names them': () => {
      const named = schedule.flatMap(({ competitions }) =>
        competitions.flatMap(({ id, name }) => (name === undefined ? [] : [{ id, name }])),
      );
      for (const { id, name } of named) {
        const found = registry.competition(name);
        demand(found.id === id, `the schedule has ${name} as ${id}, and it is ${found.id}`);
      }
    },
  };
}
