/** Opens the hotkey of a wallet on a terminal, and prints its address or the code of the error. */
import { fileSigner } from '@assay/lib-bittensor-wallet';

const [path, name, hotkey] = process.argv.slice(2);
const log = (_level, message) => process.stdout.write(`LOG ${message}\n`);
try {
  const signer = await fileSigner({ path, name, hotkey }, { environment: {}, log });
  process.stdout.write(`ADDRESS ${signer.address}\n`);
  await signer.close();
} catch (error) {
  process.stdout.write(`ERROR ${error.code}\n`);
}
