import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { configErrors } from '@assay/core/config/errors';
import { keepSecretsOf } from '@assay/core/errors/secrets';

/**
 * Variables of the first `.env` found: in the working directory, else beside the config file. What the environment has
 * already stays as it is.
 */
export function loadDotEnv(configFile: string | undefined): void {
  const folders = [process.cwd(), ...(configFile === undefined ? [] : [dirname(resolve(configFile))])];
  const path = folders.map((folder) => join(folder, '.env')).find((candidate) => existsSync(candidate));
  if (path !== undefined) {
    try {
      process.loadEnvFile(path);
    } catch (error) {
      throw configErrors.ENV_FILE_UNREADABLE(
        { path, reason: error instanceof Error ? error.message : String(error) },
        error,
      );
    }
  }
  keepSecretsOf(process.env);
}
