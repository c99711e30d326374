import { Flags } from '@oclif/core';
import { ChainCommand, chainFlags } from '../../chain-command.js';
import { metagraphOf, metagraphText, SORT_KEYS } from '../../chain/metagraph.js';

export default class ChainMetagraph extends ChainCommand {
  static override readonly description = `Neurons of the subnet; a star marks one's own.`;

  static override readonly examples = [
    '<%= config.bin %> chain metagraph --config validator.yaml --sort stake',
    '<%= config.bin %> chain metagraph --network finney --netuid 9',
    '<%= config.bin %> chain metagraph --network archive --netuid 9 --at 6000000',
  ];

  static override readonly flags = {
    ...chainFlags,
    sort: Flags.string({ description: 'What the rows are ordered by.', options: SORT_KEYS, default: 'uid' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainMetagraph);
    const metagraph = metagraphOf(await this.readChain(flags), flags.sort);
    this.answer(flags.json, metagraph, () => metagraphText(metagraph));
  }
}
