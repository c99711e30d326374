// npm run fuzz -- [--minutes 60] [--seed 1]: spoils folders of the fixtures and shows them to the evaluator's real
// processes. Whatever is not facts, losses or a miner's fault is a finding: it is printed, and its folder kept.
import { parseArgs } from 'node:util';
import { Attack } from './attack.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const end = Date.now() + Number(values.minutes) * 60_000;
const attack = await Attack.init();
let tries = 0;
let findings = 0;
for (let seed = Number(values.seed) * 1_000_000; Date.now() < end; seed += 1) {
  const finding = await attack.once(seed);
  tries += 1;
  if (finding) {
    findings += 1;
    process.stdout.write(`${JSON.stringify({ seed, ...finding })}\n`);
  }
}
await attack.close();
process.stdout.write(`${tries} folders, ${findings} findings\n`);
process.exit(findings === 0 ? 0 : 1);
