import type { ConfigValue } from '@assay/core/config/resolve';
import type { GivenUp } from '@assay/core/config/settings';
import { printable } from '@assay/core/errors/printable';
import { withoutSecrets } from '@assay/core/errors/secrets';

const LONGEST = 400;

/** Of an address, user, password, query and fragment, in which some services have a key. */
function withoutKeys(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Such schemes are read with one slash and with none, too: `wss:user:password@host`.
  if (url && /^(?:ws|http)s?:$/.test(url.protocol)) {
    const user = url.username === '' && url.password === '' ? '' : '[user]@';
    const rest = `${url.search && '?[query]'}${url.hash && '#[fragment]'}`;
    if (user !== '' || rest !== '') return `${url.protocol}//${user}${url.host}${url.pathname}${rest}`;
  }
  return text.replace(/(?<=:[/\\]*)[^/\\].*@/s, '[user]@').replace(/(?<=:\/\/[^?]*)\?.+/s, '?[query]');
}

/** A value of the config, fit to be shown. */
function shownValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shownValue);
  return typeof value === 'string' ? withoutSecrets(withoutKeys(value)) : value;
}

export const shownConfigValue = ({ value, ...rest }: ConfigValue): ConfigValue => ({
  ...rest,
  value: shownValue(value),
});

/** An option that another one has replaced, fit to be shown. */
export const shownGivenUp = ({ value, ...rest }: GivenUp): GivenUp => ({ ...rest, value: shownValue(value) });

/** In words. */
export const givenUpText = ({ path, value, source, by, bySource }: GivenUp): string =>
  printable(
    `${path} = ${JSON.stringify(value)} (${source}) has no effect: ${by} (${bySource}) takes its place.`,
    LONGEST,
  );

/** What the log says of the chain that was chosen: every option with its source, and those that have no effect. */
export function chainLines({
  values,
  givenUp,
}: {
  values: readonly ConfigValue[];
  givenUp: readonly GivenUp[];
}): [message: string, context: Record<string, unknown>][] {
  const options = values.filter(({ path }) => path.startsWith('chain.')).map(shownConfigValue);
  return [
    ['the chain is reached with these options', { options }],
    ...givenUp.map((given): [string, Record<string, unknown>] => [
      'an option has no effect: another one takes its place',
      { ...shownGivenUp(given) },
    ]),
  ];
}
