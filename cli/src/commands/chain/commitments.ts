import { ChainCommand } from '../../chain-command.js';
import { commonFlags } from '../../base-command.js';
import { plainTable } from '../../report/plain-table.js';
import { printable } from '@assay/core/errors/printable';

export default class ChainCommitments extends ChainCommand {
  static override readonly description = 'What miners have committed, as it stands on chain.';
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainCommitments);
    const { snapshot } = await this.readChain(flags);
    const uids = new Map(snapshot.neurons.map(({ hotkey, uid }) => [hotkey, uid]));
    const commitments = snapshot.commitments
      .map((commitment) => ({ uid: uids.get(commitment.hotkey) ?? null, ...commitment }))
      .sort((a, b) => a.block - b.block);
    this.answer(flags.json, { netuid: snapshot.netuid, at: snapshot.at, commitments }, () =>
      plainTable(
        ['uid', 'block', 'commitment'],
        commitments.map(({ uid, block, data }) => [uid ?? '', block, printable(data, 128)]),
      ),
    );
  }
}
