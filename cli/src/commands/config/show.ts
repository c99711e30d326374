import { BaseCommand, commonFlags } from '../../base-command.js';
import { plainTable } from '../../report/plain-table.js';

/** Of an address, which is refused with them, but shown before it is. */
const withoutUser = (text: string): string => text.replace(/(?<=:\/\/)[^/\s@]+@/, '[user]@');

export default class ConfigShow extends BaseCommand {
  static override readonly description = `Every value of the configuration and where it comes from.

Precedence: flag, environment (ASSAY_ and the key in capitals, two underscores between levels), file, default.`;
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigShow);
    const { values: given, config, baseDir } = await this.loadConfig(flags);
    const [{ effectiveProfile }, { asJson }, { withoutSecrets }] = await Promise.all([
      import('@assay/core/composition/compose-validator'),
      import('@assay/core/runtime/validator-state'),
      import('@assay/core/errors/secrets'),
    ]);
    const values = given.map(({ value, ...rest }) => ({
      ...rest,
      value: typeof value === 'string' ? withoutSecrets(withoutUser(value)) : value,
    }));
    const { leaves } = await import('@assay/core/config/resolve');
    const registry = await this.registry(config, baseDir);
    const profile = asJson(effectiveProfile(registry.profile(config.subnet), config));
    this.answer(flags.json, { values, profile }, () =>
      [
        plainTable(
          ['key', 'value', 'origin', 'source'],
          values.map(({ path, value, origin, source }) => [
            path,
            value === undefined ? '' : JSON.stringify(value),
            origin,
            source,
          ]),
        ),
        '',
        `profile ${config.subnet}, with the overrides above`,
        plainTable(
          ['key', 'value'],
          leaves(profile).map(([key, value]) => [key, JSON.stringify(value)]),
        ),
      ].join('\n'),
    );
  }
}
