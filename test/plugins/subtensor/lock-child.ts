import { HotkeyLock } from '@assay/plugin-subtensor/dist/submit/lock.js';

/** Takes the lock beside a file, says so, and holds it until it is killed. */
const [beside = ''] = process.argv.slice(2);
await new HotkeyLock(beside, () => undefined).hold(new AbortController().signal, async () => {
  process.stdout.write('held');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
