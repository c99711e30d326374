import { PASSWORD_VARIABLE_PREFIX } from '@assay/lib-bittensor-wallet';

/** Takes the passwords of keyfiles out of an environment, so that no child process inherits them. Returns the same object. */
export function dropWalletPasswords(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  for (const name of Object.keys(environment))
    if (name.toUpperCase().startsWith(PASSWORD_VARIABLE_PREFIX)) Reflect.deleteProperty(environment, name);
  return environment;
}
