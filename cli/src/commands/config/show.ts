import { BaseCommand, commonFlags } from '../../base-command.js';
import { plainTable } from '../../report/plain-table.js';

export default class ConfigShow extends BaseCommand {
  static override readonly description = `Every value of the configuration and where it comes from.

Precedence: flag, environment (ASSAY_ and the key in capitals, two underscores between levels; then variables of other
software, such as BT_WALLET_NAME), file, files of other software, default.`;
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigShow);
    const { values: given, config, registry, givenUp } = await this.loadConfig(flags);
    const [{ effectiveProfile }, { asJson }, { leaves }, { givenUpText, shownConfigValue, shownGivenUp }] =
      await Promise.all([
        import('@assay/core/composition/compose-validator'),
        import('@assay/core/runtime/derived-rows'),
        import('@assay/core/config/resolve'),
        import('../../report/shown-values.js'),
      ]);
    const values = given.map(shownConfigValue);
    const withoutEffect = givenUp.map(shownGivenUp);
    const profile = asJson(effectiveProfile(registry.profile(config.subnet), config));
    this.answer(flags.json, { values, withoutEffect, profile }, () =>
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
        ...withoutEffect.map(givenUpText),
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
