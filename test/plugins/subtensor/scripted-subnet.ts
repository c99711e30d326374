import { Runtime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import { ScriptedChain, type ScriptedOptions } from '../../scripted-chain.js';

export const NETUID = 1;
const MECHANISM_STRIDE = 4096;
const API = 'SubnetInfoRuntimeApi';
/** The parts that the plugin asks for, as the runtime numbers them. */
const PARTS = [52, 53, 57, 59, 61, 62, 66, 69];
/** 0.18, as Finney has it. */
const TAO_WEIGHT = 3_320_413_933_267_719_290n;
/** The rest of a share of the largest u64 that 32 bits after the point leave. */
const FRACTION = (TAO_WEIGHT << 32n) / (2n ** 64n - 1n);

/** A subnet whose every fact follows from the uid. */
export interface SubnetScript {
  chain: ScriptedChain;
  runtime: Runtime;
  /** Changes a storage item of SubtensorModule from the next block on. */
  set(item: string, args: readonly unknown[], value: unknown): void;
}

interface Facts {
  uid: number;
  /** 0x and hex. */
  hotkey: string;
  coldkey: string;
  validatorPermit: boolean;
  lastUpdate: number;
  registeredAt: number;
  incentive: number;
  dividends: number;
  validatorTrust: number;
  alpha: bigint;
  tao: bigint;
}

const accountOf = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`;

export const factsOf = (uid: number): Facts => ({
  uid,
  hotkey: accountOf(0xabc0000 + uid),
  coldkey: accountOf(0xdef0000 + (uid >> 1)),
  validatorPermit: uid % 40 === 0,
  lastUpdate: uid % 7 === 0 ? 0 : 5_000_000 + uid,
  registeredAt: 4_000_000 + uid,
  incentive: (uid * 131) % 65_536,
  dividends: (uid * 17) % 65_536,
  validatorTrust: uid % 40 === 0 ? 65_535 - uid : 0,
  alpha: BigInt(uid) ** 5n + 7n,
  tao: BigInt(uid) ** 4n * 3n + 1n,
});

export const stakeOf = ({ alpha, tao }: Facts): bigint => alpha + ((tao * FRACTION) >> 32n);
export const textOf = (uid: number): string => `namespace:name-${uid}:0123456789abcdef0123456789abcdef01234567:hash:1`;
/** A whole row for each validator. */
export const rowOf = (uid: number, size: number): [number, number][] =>
  Array.from({ length: size }, (_, other) => [other, 65_535 - ((uid + other) % 60_000)]);

interface SubnetOptions extends Omit<ScriptedOptions, 'runtime'> {
  specVersion: number;
  metadata: Uint8Array;
  size: number;
  mechanism?: number;
  /** Whether the metagraph's runtime function has an answer; single maps have all of it in any case. */
  callable?: boolean;
}

/** A scripted chain with one subnet. Its newest block holds everything. */
export async function newSubnet(options: SubnetOptions): Promise<SubnetScript> {
  const { specVersion, metadata, size, mechanism = 0, callable = false, ...rest } = options;
  const version = { specName: 'node-subtensor', specVersion, transactionVersion: 1 };
  const runtime = await Runtime.load(`0x${'00'.repeat(32)}`, version, metadata);
  const chain = await ScriptedChain.start({ ...rest, runtime: { ...version, metadata } });
  const put = (pallet: string, item: string, args: readonly unknown[], value: unknown): void => {
    chain.blocks.put(runtime.storageKey(pallet, item, args), runtime.encodeStorage(pallet, item, value));
  };
  const set: SubnetScript['set'] = (item, args, value) => {
    put('SubtensorModule', item, args, value);
  };
  const facts = Array.from({ length: size }, (_, uid) => factsOf(uid));
  fillSubnet(set, facts, mechanism);
  for (const { uid, hotkey } of facts) {
    const text = Buffer.from(textOf(uid));
    const info = { fields: [{ [`Raw${text.length}`]: `0x${text.toString('hex')}` }] };
    put('Commitments', 'CommitmentOf', [NETUID, hotkey], { deposit: 0, block: 3_000_000 + uid, info });
  }
  if (callable) answerMetagraph({ chain, runtime }, facts, mechanism);
  chain.advance();
  return { chain, runtime, set };
}

/** Puts a subnet with these neurons into storage. */
export function fillSubnet(set: SubnetScript['set'], facts: readonly Facts[], mechanism: number): void {
  const index = mechanism * MECHANISM_STRIDE + NETUID;
  set('NetworksAdded', [NETUID], true);
  set('SubnetworkN', [NETUID], facts.length);
  set('MechanismCountCurrent', [NETUID], mechanism + 1);
  set('TaoWeight', [], TAO_WEIGHT);
  const column = (item: string, at: number, name: keyof Facts): void => {
    set(
      item,
      [at],
      facts.map((fact) => fact[name]),
    );
  };
  column('ValidatorPermit', NETUID, 'validatorPermit');
  column('ValidatorTrust', NETUID, 'validatorTrust');
  column('Dividends', NETUID, 'dividends');
  column('LastUpdate', index, 'lastUpdate');
  column('Incentive', index, 'incentive');
  for (const { uid, hotkey, coldkey, registeredAt, validatorPermit, alpha, tao } of facts) {
    set('Keys', [NETUID, uid], hotkey);
    set('Owner', [hotkey], coldkey);
    set('BlockAtRegistration', [NETUID, uid], registeredAt);
    set('TotalHotkeyAlpha', [hotkey, NETUID], alpha);
    set('TotalHotkeyAlpha', [hotkey, 0], tao);
    if (validatorPermit) set('Weights', [index, uid], rowOf(uid, facts.length));
  }
}

/** The answer of the runtime's own metagraph, with the parts that are asked for alone. */
function answerMetagraph(
  { chain, runtime }: Pick<SubnetScript, 'chain' | 'runtime'>,
  facts: readonly Facts[],
  mechanism: number,
): void {
  const method = 'get_selective_mechagraph';
  const answer = runtime.encodeAnswer(API, method, {
    netuid: NETUID,
    hotkeys: facts.map(({ hotkey }) => hotkey),
    coldkeys: facts.map(({ coldkey }) => coldkey),
    validatorPermit: facts.map(({ validatorPermit }) => validatorPermit),
    lastUpdate: facts.map(({ lastUpdate }) => lastUpdate),
    dividends: facts.map(({ dividends }) => dividends),
    incentives: facts.map(({ incentive }) => incentive),
    blockAtRegistration: facts.map(({ registeredAt }) => registeredAt),
    totalStake: facts.map(stakeOf),
  });
  chain.calls.set(metagraphCall(runtime, mechanism), answer);
}

/** Name and arguments under which a scripted chain keeps the answer. */
export const metagraphCall = (runtime: Runtime, mechanism: number): string =>
  `${API}_get_selective_mechagraph:${runtime.encodeArguments(API, 'get_selective_mechagraph', [NETUID, mechanism, PARTS])}`;
