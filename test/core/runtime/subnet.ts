import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Competition } from '@assay/core/competition/competition';
import type { Cadences, DatedRules, SubnetProfile } from '@assay/core/competition/profile';
import { asUid } from '@assay/core/contracts/brands';
import type { ChainClient, Neuron } from '@assay/core/contracts/chain-client';
import type { Clock } from '@assay/core/contracts/clock';
import type { EvaluationAnswer, EvaluationRequest, Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { ModelReference } from '@assay/core/contracts/model';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import type { EventOf, RunEvent } from '@assay/core/contracts/reporter';
import { abortError } from '@assay/core/errors/describe';
import { rulesByBlock } from '@assay/core/rules/chosen';
import type { RuleChoice } from '@assay/core/contracts/rule';
import type { Standing } from '@assay/core/contracts/standing-rule';
import type { RuleProvisions } from '@assay/core/rules/built-in';
import { RuleBook } from '@assay/core/rules/rule-book';
import { z } from 'zod';
import { ModelAcquirer } from '@assay/core/model/acquire';
import { ChainView } from '@assay/core/runtime/chain-view';
import type { RuntimeDeps } from '@assay/core/runtime/context';
import { ModelCheck } from '@assay/core/runtime/model-check';
import { isAbort, type Loop } from '@assay/core/runtime/supervise';
import { Competitions } from '@assay/core/runtime/competitions';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { LocalChainClient, LocalNetwork } from '@assay/plugin-local-chain';
import localFiles from '@assay/plugin-local-files';
import { openJournal } from '@assay/plugin-libsql-journal';
import { afterAll } from 'vitest';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Time that jumps to the end of every sleep, until it is over. */
export class JumpingClock implements Clock {
  ms = Date.now();
  /** By how much the wall clock was set forward or back. */
  wallLead = 0;
  #end = Number.POSITIVE_INFINITY;

  now(): number {
    return this.ms + this.wallLead;
  }

  monotonic(): number {
    return this.ms;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await nextTurn();
    if (signal.aborted || this.ms + ms > this.#end) throw abortError();
    this.ms += ms;
  }

  /** Runs a loop for so many milliseconds of this clock. */
  async run(loop: Loop, forMs: number): Promise<void> {
    this.#end = this.ms + forMs;
    try {
      await loop.run(new AbortController().signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
    this.#end = Number.POSITIVE_INFINITY;
  }
}

const RAO = 1_000_000_000n;
const HOUR = 3_600_000;

export const CADENCES: Cadences = {
  metagraphSync: 300_000,
  metagraphDeadline: 5_000,
  modelSync: 1_200_000,
  modelSyncBacklogPoll: 60_000,
  modelSyncStart: 60_000,
  topModelScan: 300_000,
  evaluationIdle: 60_000,
  roundDeadline: HOUR,
  modelDeadline: 300_000,
  weights: 1_200_000,
  weightsPoll: 60_000,
  // Passes in real time, also on a busy machine: tests of the deadline itself shorten it.
  weightsDeadline: 60_000,
  weightsRetry: 120_000,
  cleaning: 300_000,
  cleaningStart: 60_000,
  cleaningGrace: 0,
};

/** An attempt to set weights in this subnet ends after a second. */
export function shortenWeightsDeadline({ deps }: Pick<Subnet, 'deps'>): void {
  deps.profile = { ...deps.profile, cadences: { ...deps.profile.cadences, weightsDeadline: 1_000 } };
}

export const COMPETITION: Competition = {
  id: 1,
  name: 'one',
  constraints: {
    minParameters: 1,
    maxParameters: 10,
    maxBytes: 10_000,
    architectures: ['Plain', 'Other'],
    sequenceLength: 4,
  },
  tokenizer: { kind: 'builtin', name: 'none' },
  epsilon: { rule: 'linear-decay', start: 0.01, end: 0, blocks: 1000 },
  tasks: [
    {
      name: 'task',
      kind: 'text-loss',
      dataset: 'none',
      pages: 1,
      batchSize: 1,
      packSamples: true,
      maxBatches: 4,
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  match: { rule: 'mean-loss' },
  onDatasetFailure: 'skip-round',
};

/** Loss that models of the class Other claim; all others are Plain. */
export const OTHER_CLASS = '6.5';

/** What the inspector notes of a model that claims a loss of 4. */
export const NOTE = 'config.json sets a key that nobody reads.';

/** Reads the loss that the repo claims; that is all that there is to know of these models. */
const claimInspector: ModelInspector = {
  inspect: async (directory) => {
    const claimed = readFileSync(join(directory, 'model.safetensors'), 'utf8');
    const digest = createHash('sha256').update(claimed).digest('hex');
    return {
      architecture: claimed === OTHER_CLASS ? 'Other' : 'Plain',
      parameterCount: 1,
      vocabularySize: 10,
      evaluationDigest: digest,
      tensorsDigest: digest,
      unusedTensors: [],
      dtypes: [],
      ...(claimed === '4' ? { notes: [NOTE] } : {}),
    };
  },
  close: () => Promise.resolve(),
};

/** Losses whose mean is the given one, spread alike for every model. */
const spread = (loss: number, count: number): number[] =>
  Array.from({ length: count }, (_none, index) => loss + (count === 1 ? 0 : 0.1 * (index / (count - 1) - 0.5)));

/** The loss of a model is what its file says. `during` is called in the middle of each evaluation. */
export class ClaimedLoss implements Evaluator {
  readonly kinds = ['text-loss'];
  evaluated: string[] = [];
  during: (name: string) => Promise<void> = () => Promise.resolve();
  /** What a model says after the prompts. */
  generations: (name: string) => number[][][] = () => [];

  /** @param samples losses of each result */
  constructor(private readonly samples = 1) {}

  canary?: NonNullable<Evaluator['canary']>;
  readonly #numerics = { device: 'none', computeType: 'none', runtime: 'none', attention: 'none' };

  numerics(): Promise<EvaluationAnswer['numerics']> {
    return Promise.resolve(this.#numerics);
  }

  async evaluate({ id, model, tasks }: EvaluationRequest): Promise<EvaluationAnswer> {
    this.evaluated.push(model.reference.name);
    await this.during(model.reference.name);
    const loss = Number(readFileSync(join(model.directory, 'model.safetensors'), 'utf8'));
    const results = tasks.map(({ name, kind }) => ({
      name,
      kind,
      losses: spread(loss, this.samples),
      details: { generations: this.generations(model.reference.name) },
    }));
    return { id, results, numerics: this.#numerics, timings: { loadMs: 0, computeMs: 0 } };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export interface Subnet {
  folder: string;
  network: LocalNetwork;
  clock: JumpingClock;
  evaluator: ClaimedLoss;
  deps: RuntimeDeps;
  check: ModelCheck;
  events: RunEvent[];
  hotkey: string;
  signal: AbortSignal;
  told<Name extends RunEvent['event']>(name: Name): EventOf<Name>[];
  /** Publishes a model of this loss and commits to it; `hash: 'wrong'` commits to other content. */
  commit(uid: number, name: string, loss: number, hash?: 'right' | 'wrong'): void;
  /** Publishes a model of this loss, to which nobody commits. */
  publish(name: string, loss: number): ModelReference;
  /** Takes a published model away from its repo. */
  unpublish(reference: ModelReference): void;
  neuron(uid: number): Neuron;
}

interface SubnetChange {
  chain?: (real: ChainClient) => ChainClient;
  store?: (real: ModelStore) => ModelStore;
  inspector?: (real: ModelInspector) => ModelInspector;
  competitions?: readonly Competition[];
  /** What the dataset draws. */
  batches?: number[][][];
  /** Of each batch the page that it comes from; the dataset does not say when left out. */
  clusters?: number[];
  /** What the profile decides by; the averaging of netuid 9 when left out. */
  rules?: readonly DatedRules[];
  /** Rules of packages. */
  provides?: RuleProvisions;
  /** Losses of each result; 1 when left out. */
  samples?: number;
  /** How miners name their models. */
  commitment?: RuleChoice;
}

export const AVERAGING: readonly DatedRules[] = [
  { fromBlock: 0, standing: { rule: 'softmax-average', temperature: 0.01, alpha: 0.5 }, merge: [{ rule: 'by-share' }] },
];

/** A standing of the rule that averages. */
export const averageOf = (weights: readonly number[], hotkeys: readonly string[]): Standing => ({
  by: { rule: 'softmax-average', version: 1, parameters: { temperature: 0.01, alpha: 0.5 } },
  state: { weights: [...weights], hotkeys: hotkeys.map((hotkey, uid) => ((weights[uid] ?? 0) > 0 ? hotkey : '')) },
});
const average = z.object({ weights: z.array(z.number()), hotkeys: z.array(z.string()) });
/** Weights by uid of a standing of the rule that averages; none where there is no standing. */
export const weightsOf = (standing: Standing | undefined): number[] =>
  standing ? average.parse(standing.state).weights : [];
export const hotkeysOf = (standing: Standing): string[] => average.parse(standing.state).hotkeys;

/**
 * A small subnet with everything real but the arithmetic of models: a network file, a journal, a store and its repos.
 * uid 0 is the validator, uid 1 a big one, uid 2 a small one, 3 to 6 are miners; the head is block 5000.
 */
export async function newSubnet({
  chain: around = (real) => real,
  store: over = (real) => real,
  inspector: inspects = (real) => real,
  competitions = [COMPETITION],
  batches = [[[1, 2, 3, 4]]],
  clusters,
  rules = AVERAGING,
  provides = {},
  samples = 1,
  commitment = { rule: 'pretraining' },
}: SubnetChange = {}): Promise<Subnet> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-runtime-'));
  folders.push(folder);
  const stake = (tokens: bigint): string => String(tokens * RAO);
  const network = await LocalNetwork.create(join(folder, 'chain.db'), {
    netuid: 9,
    seed: 'runtime',
    startBlock: 5000,
    blockTime: 0,
    hyperparameters: { weightsRateLimit: 0, maxUids: 16 },
    neurons: [
      { uid: 0, name: 'validator', stake: stake(100_000n), validatorPermit: true },
      { uid: 1, name: 'big', stake: stake(100_000n), validatorPermit: true },
      { uid: 2, name: 'small', stake: stake(10n), validatorPermit: true },
      ...[3, 4, 5, 6].map((uid) => ({ uid, derivation: `//miner/${uid}` })),
    ],
  });
  const clock = new JumpingClock();
  const book = new RuleBook([{ name: 'test', provides }]);
  const scheme = book.bind('commitmentSchemes', commitment).rule;
  const profile: SubnetProfile = {
    name: 'test',
    netuid: 9,
    weightsVersionKey: 0n,
    commitment,
    schedule: [{ fromBlock: 0, competitions: competitions.map(({ id }) => ({ id, share: 1 / competitions.length })) }],
    syncCadence: 100,
    evaluationDelay: 0,
    missingGrace: 0,
    rules,
    sampleMin: 2,
    updatedModelsLimit: 10,
    keepThreshold: 0.001,
    topMiners: { minStake: 50_000n * RAO, minWeightShare: 0.05, reevaluateAfterBlocks: 60 },
    cadences: CADENCES,
  };
  const chain = around(
    await LocalChainClient.init({ netuid: 9, blockTime: 0, hotkey: 'validator', mode: 'validate' }, { network, clock }),
  );
  const plain = {
    clock,
    dataDir: join(folder, 'store'),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: {},
    log: () => undefined,
    resolvePath: (path: string) => path,
  };
  const repos = join(folder, 'repos');
  const made = await localFiles.provides.store?.create({ repos }, plain, new AbortController().signal);
  if (!made) throw new Error('local-files has no store');
  const kept = { directory: join(plain.dataDir, 'models') };
  const store = over(await ModelKeeper.open(kept, { source: made, clock }));
  const evaluator = new ClaimedLoss(samples);
  const inspector = inspects(claimInspector);
  const events: RunEvent[] = [];
  const view = new ChainView({ deadlineMs: 5000 }, { chain });
  const tokenizer = {
    name: 'none',
    digest: '',
    eosTokenId: 0,
    vocabularySize: 10,
    modelMaxLength: Infinity,
    encode: () => [],
    decode: () => '',
  };
  const dataset = {
    sample: () => Promise.resolve({ batches, pages: ['p'], source: 'none', ...(clusters && { clusters }) }),
  };
  const deps: RuntimeDeps = {
    profile,
    operator: { deny: [], history: {} },
    rules: book,
    chain,
    store,
    scheme,
    acquirer: new ModelAcquirer({}, { store, inspector, scheme }),
    evaluator,
    inspector,
    reporter: { report: (event) => void events.push(event), close: () => Promise.resolve() },
    clock,
    log: () => undefined,
    state: new ValidatorState(openJournal({ folder: join(folder, 'data'), mode: 'write' })),
    scratch: join(folder, 'scratch'),
    view,
    competitions: new Competitions(
      profile.schedule,
      new Map(
        profile.schedule.flatMap((entry) =>
          entry.competitions.flatMap((scheduled) =>
            competitions
              .filter(({ id }) => id === scheduled.id)
              .map(
                (competition) =>
                  [
                    scheduled,
                    {
                      competition,
                      kinds: book.kinds(),
                      rulesAt: rulesByBlock(book, profile, competition),
                      tokenizer,
                      datasets: new Map([['task', dataset]]),
                    },
                  ] as const,
              ),
          ),
        ),
      ),
    ),
  };
  const filesOf = (loss: number): Record<string, string> => ({
    'config.json': '{"model_type":"plain"}',
    'model.safetensors': String(loss),
  });
  const publish = (name: string, loss: number): ModelReference => {
    const revision = createHash('sha1').update(`${name}${loss}`).digest('hex');
    mkdirSync(join(repos, 'miner', name, revision), { recursive: true });
    for (const [path, text] of Object.entries(filesOf(loss)))
      writeFileSync(join(repos, 'miner', name, revision, path), text);
    return { namespace: 'miner', name, revision };
  };
  const { signal } = new AbortController();
  await view.refresh(signal);
  const neuron = (uid: number): Neuron => {
    const found = view.current.neurons.find((candidate) => candidate.uid === asUid(uid));
    if (!found) throw new Error(`no uid ${uid}`);
    return found;
  };
  return {
    folder,
    network,
    clock,
    evaluator,
    deps,
    check: new ModelCheck(deps),
    events,
    hotkey: (await chain.identity()).hotkey,
    signal,
    told: <Name extends RunEvent['event']>(name: Name): EventOf<Name>[] =>
      events.flatMap((event) => (event.event === name ? [event as EventOf<Name>] : [])),
    neuron,
    publish,
    unpublish: ({ namespace, name, revision }) => {
      rmSync(join(repos, namespace, name, revision), { recursive: true });
    },
    commit: (uid, name, loss, hash = 'right') => {
      const reference = publish(name, loss);
      const digests = Object.entries(filesOf(loss)).map(([path, text]) => ({
        path,
        sha256: createHash('sha256')
          .update(text + (hash === 'wrong' ? '!' : ''))
          .digest('hex'),
      }));
      const owner = network.snapshot().neurons.find((candidate) => candidate.uid === asUid(uid))?.hotkey ?? '';
      const proof = scheme.proofOf({ reference, files: digests.map((file) => ({ ...file, size: 1 })) }, owner);
      network.setCommitment(uid, scheme.format({ reference, proof, competition: 1 }, owner));
    },
  };
}
