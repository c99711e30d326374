import { ChainCommand, chainFlags } from '../../chain-command.js';

export default class ChainCommitments extends ChainCommand {
  static override readonly description = `What miners have committed, as it stands on chain.

Revealed commitments are listed with their blocks, and those that hold no text with the reason. A commitment that is older than
its hotkey's registration is marked.`;

  static override readonly flags = chainFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainCommitments);
    const [{ commitmentsOf, commitmentsText }, { snapshot }] = await Promise.all([
      import('../../chain/commitments.js'),
      this.readChain(flags),
    ]);
    const found = commitmentsOf(snapshot);
    this.answer(flags.json, found, () => commitmentsText(found));
  }
}
