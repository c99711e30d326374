/** What a registry asks for: a token of a token server, or a user name and password. */
export type Challenge = { scheme: 'bearer'; realm: string; service: string | undefined } | { scheme: 'basic' };

const PARAMETER = /([a-z]+)="([^"\\]{0,2000})"/g;

/** Reads `WWW-Authenticate`. Undefined for what is no challenge, or another one. */
export function challengeOf(header: string | undefined): Challenge | undefined {
  const [, scheme = '', rest = ''] = /^(\w+)(?: (.*))?$/.exec(header?.trim() ?? '') ?? [];
  if (scheme.toLowerCase() === 'basic') return { scheme: 'basic' };
  if (scheme.toLowerCase() !== 'bearer') return undefined;
  const parameters = new Map([...rest.matchAll(PARAMETER)].map(([, key = '', value = '']) => [key, value]));
  const realm = parameters.get('realm');
  return realm === undefined ? undefined : { scheme: 'bearer', realm, service: parameters.get('service') };
}
