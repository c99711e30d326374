// Commits for two miners in turn, as fast as it can; prints the block of each commitment once it is durable.
import { LocalNetwork } from '@assay/plugin-local-chain';

const network = LocalNetwork.open(process.argv[2], 'write');
for (let turn = 0; ; turn += 1) {
  const { number } = network.setCommitment(turn % 2 === 0 ? 'alice' : 'bob', `#${network.head().number + 1}`);
  process.stdout.write(`${number}\n`);
  await new Promise((resolve) => setImmediate(resolve));
}
