import { z } from 'zod';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { limitOptions } from '@assay/lib-http';
import type { OciModels } from './oci-models.js';

const host = z
  .string()
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::\d{1,5})?$/,
    'a host in lower case, with a port where it needs one',
  );

const options = z.strictObject({
  registries: z
    .array(host)
    .min(1)
    .describe('Hosts of the registries that the subnet uses, e.g. ghcr.io; a model of any other is not asked for.'),
  tokenServers: z
    .array(host)
    .default(['auth.docker.io'])
    .describe('Hosts, beside the registries themselves, that may be asked for tokens and get the login of a registry.'),
  public: z
    .boolean()
    .default(true)
    .describe(
      'Whether a model counts only where everybody can read it. False where the subnet gives each validator a login.',
    ),
  ...limitOptions,
});

type Options = z.infer<typeof options>;

async function modelsOf(chosen: Options, { clock, environment }: PluginDeps): Promise<OciModels> {
  const { OciModels } = await import('./oci-models.js');
  const { registryLogins } = await import('./credentials.js');
  return new OciModels(chosen, { clock, logins: await registryLogins(environment, chosen.registries) });
}

export default definePlugin({
  apiVersion: 1,
  name: 'oci',
  provides: {
    store: {
      options,
      create: modelsOf,
      check: async (chosen: Options, deps: PluginDeps, signal: AbortSignal) => {
        const models = await modelsOf(chosen, deps);
        try {
          await models.requireAnswer(signal);
        } finally {
          await models.close();
        }
      },
    },
  },
});
