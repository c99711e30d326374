/** What the process knows and nobody else may: by what stands in its place. One for all copies of this package. */
const KEY = Symbol.for('assay.secrets');
/** What is shorter would be found in words. */
const SHORTEST = 8;
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|MNEMONIC|ACCESS_KEY|API_KEY|PRIVATE/i;
/** A word of its own that begins the part of a name that says for what: `X_PW_HOME_FILE` is the password of a file, and no path. */
const PASSWORD_NAME = /(?:^|_)PW_/i;

function known(): Map<string, string> {
  const held: unknown = Reflect.get(globalThis, KEY);
  if (held instanceof Map) return held as Map<string, string>;
  const fresh = new Map<string, string>();
  Reflect.set(globalThis, KEY, fresh);
  return fresh;
}

/**
 * From now on this value is shown by its name alone, in whatever is logged, reported or recorded. A last line of defence:
 * secrets are not put into messages in the first place.
 */
export function keepSecret(name: string, value: string): void {
  if (value.length < SHORTEST) return;
  const bytes = Buffer.from(value);
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64Of(bytes),
  ];
  for (const form of forms) known().set(form, name);
}

/** As they stand within the base64 of a longer text, wherever in it they begin; the ends would depend on what is beside them. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]);
    const [start, end] = [Math.ceil((before * 8) / 6), Math.floor((text.length * 8) / 6)];
    return (['base64', 'base64url'] as const).map((form) => text.toString(form).slice(start, end));
  });
}

/** Variables that by their name hold a secret. */
export function keepSecretsOf(environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(environment)) {
    // A path names a file, and no secret.
    const secret = PASSWORD_NAME.test(name) || (SECRET_NAME.test(name) && !/_(PATH|FILE)$/.test(name));
    if (value !== undefined && secret) keepSecret(name, value);
  }
}

export function withoutSecrets(text: string): string {
  let safe = text;
  for (const [value, name] of known()) if (safe.includes(value)) safe = safe.replaceAll(value, `[${name}]`);
  return safe;
}

/** The same for every text within. */
export function valueWithoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (Array.isArray(value)) return value.map(valueWithoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [withoutSecrets(key), valueWithoutSecrets(inner)]),
  );
}
