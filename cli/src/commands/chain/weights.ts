import { ChainCommand } from '../../chain-command.js';
import { commonFlags } from '../../base-command.js';
import { plainTable } from '../../report/plain-table.js';

export default class ChainWeights extends ChainCommand {
  static override readonly description = 'Weights that validators have set.';
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainWeights);
    const { snapshot, hotkey } = await this.readChain(flags);
    const rows = [...snapshot.weights].map(([uid, row]) => {
      const sum = row.reduce((total, [, weight]) => total + weight, 0);
      const neuron = snapshot.neurons.find((candidate) => candidate.uid === uid);
      return {
        uid,
        hotkey: neuron?.hotkey ?? null,
        own: neuron?.hotkey === hotkey,
        lastUpdate: neuron?.lastUpdate ?? null,
        weights: row.map(([miner, weight]) => ({ uid: miner, value: weight, share: sum > 0 ? weight / sum : 0 })),
      };
    });
    this.answer(flags.json, { netuid: snapshot.netuid, at: snapshot.at, validators: rows }, () =>
      plainTable(
        ['validator', 'own', 'set at', 'miner', 'share', 'u16'],
        rows.flatMap(({ uid, own, lastUpdate, weights }) =>
          weights.map(({ uid: miner, share, value }) => [
            uid,
            own ? 'yes' : '',
            lastUpdate ?? '',
            miner,
            `${(share * 100).toFixed(2)} %`,
            value,
          ]),
        ),
      ),
    );
  }
}
