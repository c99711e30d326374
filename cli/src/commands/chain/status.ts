import { ChainCommand } from '../../chain-command.js';
import { commonFlags } from '../../base-command.js';

export default class ChainStatus extends ChainCommand {
  static override readonly description = 'Head, subnet parameters and own standing.';
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainStatus);
    const { chain, snapshot, hotkey } = await this.readChain(flags);
    const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
    const { parameters } = snapshot;
    const facts = {
      chain: chain.description,
      netuid: snapshot.netuid,
      block: snapshot.at.number,
      blockHash: snapshot.at.hash,
      neurons: snapshot.neurons.length,
      commitments: snapshot.commitments.length,
      hotkey,
      uid: own?.uid ?? null,
      validatorPermit: own?.validatorPermit ?? null,
      stake: own ? own.stake.toString() : null,
      lastUpdate: own?.lastUpdate ?? null,
      ...parameters,
      weightsVersionKey: parameters.weightsVersionKey.toString(),
      stakeThreshold: parameters.stakeThreshold.toString(),
    };
    this.answer(flags.json, facts, () =>
      Object.entries(facts)
        .map(([name, value]) => `${name.padEnd(20)} ${String(value)}`)
        .join('\n'),
    );
  }
}
