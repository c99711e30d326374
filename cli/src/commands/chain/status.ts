import { ChainCommand, chainFlags } from '../../chain-command.js';

export default class ChainStatus extends ChainCommand {
  static override readonly description = `What a validator is judged by: the way to the chain, the subnet, and one's own standing.

Says whether weights could be set now, and shows the commits of the data folder that are not revealed yet. Exit 5 when another
validator uses the hotkey, as a run of this data folder has found; 4 when the weights are older than three tempos; 1 when the
hotkey is not registered, has no permit or too little stake, or the endpoint has stalled. Without a hotkey only the chain is
shown.`;

  static override readonly examples = [
    '<%= config.bin %> chain status --config validator.yaml',
    '<%= config.bin %> chain status --network finney --netuid 9 --json',
  ];

  static override readonly flags = chainFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainStatus);
    const [{ statusOf, statusText }, look] = await Promise.all([
      import('../../chain/status.js'),
      this.readChain(flags, { withJournal: true }),
    ]);
    const facts = statusOf(look);
    this.answer(flags.json, facts, () => statusText(facts));
    if (facts.exitCode !== 0) process.exitCode = facts.exitCode;
  }
}
