import { ChainCommand } from '../../chain-command.js';
import { commonFlags } from '../../base-command.js';
import { plainTable } from '../../report/plain-table.js';

const RAO_PER_TOKEN = 1e9;

export default class ChainMetagraph extends ChainCommand {
  static override readonly description = 'Neurons of the subnet.';
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainMetagraph);
    const { snapshot } = await this.readChain(flags);
    const neurons = snapshot.neurons.map((neuron) => ({ ...neuron, stake: neuron.stake.toString() }));
    this.answer(flags.json, { netuid: snapshot.netuid, at: snapshot.at, neurons }, () =>
      plainTable(
        ['uid', 'hotkey', 'stake', 'permit', 'last update', 'registered'],
        snapshot.neurons.map(({ uid, hotkey, stake, validatorPermit, lastUpdate, registeredAt }) => [
          uid,
          hotkey,
          (Number(stake) / RAO_PER_TOKEN).toFixed(3),
          validatorPermit ? 'yes' : '',
          lastUpdate,
          registeredAt,
        ]),
      ),
    );
  }
}
