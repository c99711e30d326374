import { ChainCommand, chainFlags } from '../../chain-command.js';

export default class ChainWeights extends ChainCommand {
  static override readonly description = `Weights that validators have set, and how far ours are from each other validator's.

The distance is the L1 distance of rows that are normalised to a sum of 1: 0 is equal, 2 has nothing in common. The uids that
make most of it stand beside it. The consensus is the stake-weighted one of the validators that count.`;

  static override readonly flags = chainFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainWeights);
    const [{ weightsOf, weightsText }, look] = await Promise.all([
      import('../../chain/weights.js'),
      this.readChain(flags),
    ]);
    const document = weightsOf(look);
    this.answer(flags.json, document, () => weightsText(document));
  }
}
