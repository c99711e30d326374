import { Flags } from '@oclif/core';
import { NewPackageCommand } from '../../scaffold/new-package-command.js';

export default class SubnetNew extends NewPackageCommand {
  static override readonly description = `Make a package of a new subnet: a profile that chooses rules by name, one competition, tests, and a config and a genesis for the embedded network.

It builds, passes its checks and plays a round on the embedded network as it is.`;
  static override readonly examples = [
    '<%= config.bin %> subnet new my-subnet',
    '<%= config.bin %> subnet new my-subnet --netuid 40 --folder ../my-subnet',
  ];
  static override readonly args = NewPackageCommand.args;
  static override readonly flags = {
    ...NewPackageCommand.flags,
    netuid: Flags.integer({ description: 'Number of the subnet.', default: 2, min: 1, max: 65_535 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SubnetNew);
    const { scaffoldSubnet } = await import('../../scaffold/new-subnet.js');
    const { netuid, ...rest } = flags;
    await this.makePackage(
      'subnet',
      { name: args.name, ...rest },
      (folder, packages) => scaffoldSubnet({ name: args.name, netuid, folder, packages }),
      { next: ['npm test', 'npm start'], page: 'docs/build/subnet.md' },
    );
  }
}
