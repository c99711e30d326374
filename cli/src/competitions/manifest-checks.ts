import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { z } from 'zod';
import { PLUGIN_API_VERSION } from '@assay/core/plugin/plugin';
import { demand, runChecks, type Check, type CheckResult } from '@assay/core/testing/checks';
import { isManifest, packageJsonOf } from '../plugin-packages.js';

const text = z.record(z.string(), z.unknown());
const manifest = z.looseObject({
  validator: text.optional().catch(undefined),
  oclif: text.optional().catch(undefined),
  dependencies: text.default({}).catch({}),
  peerDependencies: text.default({}).catch({}),
  peerDependenciesMeta: z
    .record(z.string(), z.looseObject({ optional: z.boolean().optional() }))
    .default({})
    .catch({}),
});

const MARK = `"validator": { "plugin": true, "apiVersion": ${PLUGIN_API_VERSION} }`;

/**
 * What `validator plugins install` will look for in a package.json. None of it is needed by a package that a config file names.
 * @param published whether it goes elsewhere: what is beside it here is not beside it there
 */
function manifestChecks(packageJson: unknown, published: boolean): Record<string, Check> {
  const { validator, oclif, dependencies, peerDependencies, peerDependenciesMeta } = manifest
    .catch(manifest.parse({}))
    .parse(packageJson);
  return {
    'says in its package.json that it is a plugin, and of which version': () => {
      const found = validator === undefined ? 'has no "validator"' : `has "validator": ${JSON.stringify(validator)}`;
      demand(
        validator?.['plugin'] === true && validator['apiVersion'] === PLUGIN_API_VERSION,
        `package.json ${found}: write ${MARK}`,
      );
    },
    'can be installed: its package.json has the key that the installer looks for': () => {
      demand(
        oclif !== undefined,
        'package.json has no "oclif", without which validator plugins install takes no package: write "oclif": {}',
      );
    },
    'depends on nothing that no registry has': () => {
      const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
      const ours = [...Object.keys(dependencies), ...peers].filter((name) => name.startsWith('@assay/'));
      demand(
        !published || ours.length === 0,
        `${ours.join(' and ')} can't be fetched where it is installed: write it under "devDependencies", or as an optional peer; the validator provides it`,
      );
    },
  };
}

/**
 * Those of a package in a folder; none of a module without a package.json.
 * @param house what stands in this folder has everything of ours beside it
 * @returns `readable`: false when the package can't be loaded for what these have found; `published`: whether it will be
 * installed elsewhere
 */
export async function checkManifest(
  root: string,
  shown: string,
  house: string,
  onCheck: (subject: string, check: string) => void,
): Promise<{ results: CheckResult[]; readable: boolean; published: boolean }> {
  const packageJson = await packageJsonOf(root);
  if (packageJson === undefined) return { results: [], readable: true, published: false };
  const published = !(await realpath(root)).startsWith(`${await realpath(house)}${sep}`);
  const results = await runChecks(shown, manifestChecks(packageJson, published), onCheck);
  const readable = isManifest(packageJson) || results.every(({ reason }) => reason === undefined);
  return { results, readable, published };
}
