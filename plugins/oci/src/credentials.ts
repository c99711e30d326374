import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { keepSecret } from '@assay/core/errors/secrets';
import { ociErrors } from './errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

const logins = z.object({ auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional() });
/** How tools write the login of Docker's own registry. */
const DOCKER_IO = ['docker.io', 'https://index.docker.io/v1/', 'index.docker.io'];

/**
 * `Authorization` headers by registry, from where container tools keep their logins: the content of DOCKER_AUTH_CONFIG, else the
 * file that REGISTRY_AUTH_FILE names, else config.json in DOCKER_CONFIG or ~/.docker. Helper programs are not asked.
 * @throws REGISTRY_LOGINS_UNREADABLE
 */
export async function registryLogins(
  environment: Environment,
  registries: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await loginsText(environment);
  if (!found) return new Map();
  const { auths = {} } = parsed(found);
  return new Map(
    registries.flatMap((registry) => {
      const keys = registry === 'docker.io' ? DOCKER_IO : [registry, `https://${registry}`];
      const auth = keys.map((key) => auths[key]?.auth).find((value) => value !== undefined && value !== '');
      return auth === undefined ? [] : [[registry, basicOf(auth, found.place)] as const];
    }),
  );
}

interface Found {
  place: string;
  text: string;
}

async function loginsText(environment: Environment): Promise<Found | undefined> {
  const given = environment['DOCKER_AUTH_CONFIG'];
  if (given !== undefined && given !== '') return { place: 'DOCKER_AUTH_CONFIG', text: given };
  const home = environment['HOME'] ?? homedir();
  const place =
    environment['REGISTRY_AUTH_FILE'] ?? join(environment['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json');
  try {
    return { place, text: await readFile(place, 'utf8') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw ociErrors.REGISTRY_LOGINS_UNREADABLE({ place, reason: error instanceof Error ? error.message : 'unknown' });
  }
}

function parsed({ place, text }: Found): z.infer<typeof logins> {
  try {
    return logins.parse(JSON.parse(text));
  } catch {
    // The parser's own words may repeat what it has read.
    throw ociErrors.REGISTRY_LOGINS_UNREADABLE({ place, reason: 'it is no JSON of logins' });
  }
}

function basicOf(auth: string, place: string): string {
  const [, password] = /^[^:]+:(.+)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? [];
  if (password === undefined)
    throw ociErrors.REGISTRY_LOGINS_UNREADABLE({ place, reason: 'a login is not user:password in base64' });
  keepSecret('registry password', password);
  keepSecret('registry login', auth);
  return `Basic ${Buffer.from(auth, 'base64').toString('base64')}`;
}
