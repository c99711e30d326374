import { ChainCommand, chainFlags } from '../../chain-command.js';

export default class ChainStatus extends ChainCommand {
  static override readonly description = `What a validator is judged by: the way to the chain, the subnet, and one's own standing.

Exit 1 with reasons when all is not well: the hotkey is not registered, has no permit or too little stake, its weights are
older than three tempos, or the endpoint has stalled. Without a hotkey only the chain is shown.`;

  static override readonly examples = [
    '<%= config.bin %> chain status --config validator.yaml',
    '<%= config.bin %> chain status --network finney --netuid 9 --json',
  ];

  static override readonly flags = chainFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ChainStatus);
    const [{ statusOf, statusText }, look] = await Promise.all([
      import('../../chain/status.js'),
      this.readChain(flags),
    ]);
    const facts = statusOf(look);
    this.answer(flags.json, facts, () => statusText(facts));
    if (!facts.well) process.exitCode = 1;
  }
}
