/** Files of a new subnet beside its sources. */

export const subnetConfig = (
  name: string,
): string => `# The subnet ${name} on an embedded network (not Bittensor): npm start
subnet: ${name}
dataDir: .data
plugins: [.]
chain: { use: local-chain, file: .data/network/chain.db, genesis: genesis.json }
store: { use: local-files, repos: .data/network/repos, minFreeBytes: 100000000 } # small models: not the 20 GB of the default
`;

export const subnetReadme = (name: string): string => `# ${name}

A subnet for model competitions: which models may take part, on which text, who wins, and who gets which weight.

\`\`\`sh
npm install
npm test     # builds it, checks it, and plays one round on an embedded network of its own
npm start    # one round on the embedded network that genesis.json describes
\`\`\`

| file | decides |
| --- | --- |
| [src/competition.ts](src/competition.ts) | which models may take part, on which text, and how much better a later one must be |
| [src/rules.ts](src/rules.ts) | who wins and what a round hands out: rules by name, from a block on |
| [src/profile.ts](src/profile.ts) | netuid, schedule, times |
| [genesis.json](genesis.json) | the embedded network: hyperparameters, who is registered, what miners have committed |
| [validator.yaml](validator.yaml) | where the validator of \`npm start\` finds the network and the models |
| [test/subnet.test.js](test/subnet.test.js) | what must hold after a round, whichever rules you choose |

The miners of the embedded network and their models come from the demo of Assay. To begin again, delete \`.data\`.
Continue with docs/build/subnet.md of Assay. To give the subnet to operators: \`npm pack\`, then
\`validator plugins install ./subnet-${name}-0.1.0.tgz\`.
`;

export const subnetTest = (name: string): string => `import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), '${name}-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args) => execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });

/** Events of the first round on a new embedded network. */
function firstRound() {
  node('node_modules/@assay/competition-demo/dist/main.js', folder, '--models');
  const config = {
    subnet: '${name}',
    dataDir: folder,
    plugins: [root],
    chain: { use: 'local-chain', file: join(folder, 'chain.db'), genesis: join(root, 'genesis.json') },
    store: { use: 'local-files', repos: join(folder, 'network', 'repos'), minFreeBytes: 100_000_000 },
  };
  const path = join(folder, 'validator.yaml');
  writeFileSync(path, JSON.stringify(config));
  const events = node('node_modules/@assay/validator/bin/validator.js', 'run', '--once', '--json', '--config', path);
  return events.trim().split('\\n').map((line) => JSON.parse(line));
}

test('the first owner of the best model earns the most, and its copies earn nothing', () => {
  const { weights } = firstRound().find(({ event }) => event === 'weights-set');
  const shareOf = (uid) => weights.find((weight) => weight.uid === uid)?.share ?? 0;
  const total = weights.reduce((sum, { share }) => sum + share, 0);
  assert.ok(Math.abs(total - 1) < 1e-6, \`the weights sum to \${total}\`);
  // Uids of genesis.json: 2 has committed the best model first, 3 its copy, 4 the same tensors in another order.
  for (const { uid, share } of weights) assert.ok(uid === 2 || share < shareOf(2), \`uid \${uid} has \${share}\`);
  for (const uid of [3, 4]) assert.ok(shareOf(uid) < 0.01, \`uid \${uid} has \${shareOf(uid)}\`);
});
`;
