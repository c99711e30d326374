import type { ApiPromise } from '@polkadot/api';
import { z } from 'zod';
import { storage } from './client.js';

/** A neuron as single storage maps show it. Names and units are those of the contract's `Neuron`. */
export interface NeuronReading {
  uid: number;
  hotkey: string;
  coldkey: string;
  stake: bigint;
  validatorPermit: boolean;
  lastUpdate: number;
  registeredAt: number;
  incentive: number;
  dividends: number;
  validatorTrust: number;
}

export interface CommitmentReading {
  hotkey: string;
  block: number;
  /** Every field: its variant's name, and its bytes as hex (`TimelockEncrypted`: JSON of the variant). */
  fields: { kind: string; data: string }[];
}

/** A subnet at one block, read one storage item at a time by a client that shares nothing with the plugin. */
export interface MetagraphReading {
  hash: string;
  number: number;
  neurons: NeuronReading[];
  weights: Map<number, [uid: number, weight: number][]>;
  /** Of all accounts that ever committed on the subnet, registered or not. */
  commitments: CommitmentReading[];
  /** Payloads as stored, with their SCALE length, as hex. */
  revealed: Map<string, { data: string; block: number }[]>;
  ownerHotkey: string;
  parameters: {
    tempo: number;
    weightsRateLimit: number;
    weightsVersionKey: bigint;
    minAllowedWeights: number;
    maxUids: number;
    stakeThreshold: bigint;
    commitRevealEnabled: boolean;
    revealPeriodEpochs: number;
    immunityPeriod: number;
    activityCutoff: number;
  };
}

type At = Awaited<ReturnType<ApiPromise['at']>>;

/** Everything of one subnet at a block. */
export async function metagraphOf(api: ApiPromise, netuid: number, hash: string): Promise<MetagraphReading> {
  const at = await api.at(hash);
  const one = new SubnetReader(at, netuid);
  const header = await api.rpc.chain.getHeader(hash);
  return {
    hash,
    number: header.number.toNumber(),
    neurons: await one.neurons(),
    weights: await one.weights(),
    commitments: await one.commitments(),
    revealed: await one.revealed(),
    ownerHotkey: await one.text('subnetOwnerHotkey'),
    parameters: await parametersOf(one),
  };
}

async function parametersOf(one: SubnetReader): Promise<MetagraphReading['parameters']> {
  return {
    tempo: await one.number('tempo'),
    weightsRateLimit: await one.number('weightsSetRateLimit'),
    weightsVersionKey: BigInt(await one.text('weightsVersionKey')),
    minAllowedWeights: await one.number('minAllowedWeights'),
    maxUids: await one.number('maxAllowedUids'),
    stakeThreshold: BigInt((await storage(one.at, 'subtensorModule', 'stakeThreshold')()).toString()),
    commitRevealEnabled: (await one.text('commitRevealWeightsEnabled')) === 'true',
    revealPeriodEpochs: await one.number('revealPeriodEpochs'),
    immunityPeriod: await one.number('immunityPeriod'),
    activityCutoff: await one.number('activityCutoff'),
  };
}

/** Single storage items of one subnet at one block. */
class SubnetReader {
  constructor(
    readonly at: At,
    readonly netuid: number,
  ) {}

  async text(name: string, ...keys: readonly unknown[]): Promise<string> {
    return (await storage(this.at, 'subtensorModule', name)(this.netuid, ...keys)).toString();
  }

  async number(name: string, ...keys: readonly unknown[]): Promise<number> {
    return Number(await this.text(name, ...keys));
  }

  async #list(name: string): Promise<unknown[]> {
    const read: unknown = (await storage(this.at, 'subtensorModule', name)(this.netuid)).toJSON();
    return z.array(z.unknown()).catch([]).parse(read);
  }

  /** Total stake of every uid: the only thing that no single storage map holds. */
  async #stakes(): Promise<bigint[]> {
    const state = await this.at.call['subnetInfoRuntimeApi']?.['getSubnetState']?.(this.netuid);
    const read: unknown = state?.toPrimitive();
    if (typeof read !== 'object' || read === null || !('totalStake' in read) || !Array.isArray(read.totalStake))
      return [];
    return read.totalStake.map((stake) => BigInt(String(stake)));
  }

  async neurons(): Promise<NeuronReading[]> {
    const count = await this.number('subnetworkN');
    const stakes = await this.#stakes();
    const [permits, updates, incentives, dividends, trusts] = await Promise.all(
      ['validatorPermit', 'lastUpdate', 'incentive', 'dividends', 'validatorTrust'].map((name) => this.#list(name)),
    );
    const neurons: NeuronReading[] = [];
    for (let uid = 0; uid < count; uid += 1) {
      const hotkey = await this.text('keys', uid);
      neurons.push({
        uid,
        hotkey,
        coldkey: (await storage(this.at, 'subtensorModule', 'owner')(hotkey)).toString(),
        stake: stakes[uid] ?? 0n,
        validatorPermit: permits?.[uid] === true,
        lastUpdate: Number(updates?.[uid] ?? 0),
        registeredAt: await this.number('blockAtRegistration', uid),
        incentive: Number(incentives?.[uid] ?? 0) / 65535,
        dividends: Number(dividends?.[uid] ?? 0) / 65535,
        validatorTrust: Number(trusts?.[uid] ?? 0) / 65535,
      });
    }
    return neurons;
  }

  async weights(): Promise<Map<number, [number, number][]>> {
    const rows = await storage(this.at, 'subtensorModule', 'weights').entries(this.netuid);
    return new Map(
      rows.map(([key, row]): [number, [number, number][]] => {
        const pairs: unknown = row.toJSON();
        return [Number(key.args[1]?.toString()), Array.isArray(pairs) ? pairs.map(pair) : []];
      }),
    );
  }

  async commitments(): Promise<CommitmentReading[]> {
    const rows = await storage(this.at, 'commitments', 'commitmentOf').entries(this.netuid);
    return rows.map(([key, value]) => ({ hotkey: String(key.args[1]?.toString()), ...commitment(value.toJSON()) }));
  }

  async revealed(): Promise<Map<string, { data: string; block: number }[]>> {
    const rows = await storage(this.at, 'commitments', 'revealedCommitments').entries(this.netuid);
    return new Map(
      rows.map(([key, value]) => {
        const list: unknown = value.toJSON();
        const entries = Array.isArray(list) ? list.filter((entry): entry is unknown[] => Array.isArray(entry)) : [];
        return [
          String(key.args[1]?.toString()),
          entries.map(([data, block]) => ({ data: String(data), block: Number(block) })),
        ];
      }),
    );
  }
}

function pair(value: unknown): [number, number] {
  return Array.isArray(value) ? [Number(value[0]), Number(value[1])] : [Number.NaN, Number.NaN];
}

function commitment(value: unknown): Omit<CommitmentReading, 'hotkey'> {
  if (typeof value !== 'object' || value === null || !('block' in value) || !('info' in value))
    throw new Error('No commitment');
  const { info } = value;
  const fields =
    typeof info === 'object' && info !== null && 'fields' in info && Array.isArray(info.fields) ? info.fields : [];
  return { block: Number(value.block), fields: fields.map(field) };
}

/** The client writes names of variants with a small first letter. */
const variantName = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function field(value: unknown): { kind: string; data: string } {
  const [[name, data] = ['', null]] = Object.entries(z.record(z.string(), z.unknown()).parse(value));
  if (data === null) return { kind: variantName(name), data: '' };
  return { kind: variantName(name), data: typeof data === 'string' ? data : JSON.stringify(data) };
}
