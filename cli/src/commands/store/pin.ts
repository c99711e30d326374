import { Args, Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { modelText, storeCommandErrors, StoreCommand } from '../../store-command.js';

export default class StorePin extends StoreCommand {
  static override readonly description = `Keep a stored model, whatever is cleaned and however short the room is.`;
  static override readonly examples = [
    '<%= config.bin %> store pin miner/llama@1c2d... --config validator.yaml',
    '<%= config.bin %> store pin miner/llama@1c2d... --remove',
  ];
  static override readonly args = {
    model: Args.string({ description: 'NAMESPACE/NAME@REVISION, as store ls shows it.', required: true }),
  };
  static override readonly flags = {
    config: commonFlags.config,
    json: commonFlags.json,
    remove: Flags.boolean({ description: 'Take the pin away.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StorePin);
    const folder = await this.openStore(flags);
    const { locateRepo } = await import('../../evaluate/find-model.js');
    const reference = locateRepo(args.model);
    if (flags.remove) await folder.holds.unpin(reference);
    else if (await folder.stored(reference)) await folder.holds.pin(reference);
    else throw storeCommandErrors.MODEL_NOT_IN_STORE({ model: args.model });
    const pinned = !flags.remove;
    this.answer(flags.json, { model: reference, pinned }, () =>
      pinned ? `${modelText(reference)} is pinned.` : `${modelText(reference)} is not pinned any more.`,
    );
  }
}
