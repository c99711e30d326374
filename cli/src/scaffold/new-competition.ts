import type { HostPackages } from './new-package.js';
import { writePackage } from './new-package.js';
import { competitionSource } from './competition-source.js';

/**
 * A package of a competition that builds, passes its checks and runs on the demo network.
 * @param folder where it is made: empty, or not there
 * @returns the files that were written
 * @throws PACKAGE_FOLDER_TAKEN, PACKAGE_FOLDER_UNWRITABLE, PACKAGE_UNPACKABLE
 */
export function scaffoldCompetition(name: string, folder: string, packages: HostPackages): Promise<string[]> {
  return writePackage({
    what: 'competition',
    name,
    folder,
    packages,
    files: {
      'README.md': readme(name),
      '.gitignore': 'node_modules/\ndist/\n.demo/\n',
      'demo.yaml': demoConfig(name),
      'src/competition.ts': competitionSource(name),
      'src/index.ts': indexSource(name),
    },
    scripts: {
      build: 'tsc',
      test: 'tsc && validator competition check .',
      demo: 'tsc && node node_modules/@assay/competition-demo/dist/main.js .demo && validator run --config demo.yaml --once',
    },
  });
}

const readme = (name: string): string => `# ${name}

A model competition: who may take part, on which text, and how much better the later model must be. All of it stands in
[src/competition.ts](src/competition.ts).

\`\`\`sh
npm install
npm test          # builds it and checks it against the rules for competitions
npm run demo      # one round of it, with the demo's miners
\`\`\`

To give it to operators: \`npm pack\`, then \`validator plugins install ./competition-${name}-0.1.0.tgz\`.
`;

const demoConfig = (name: string): string => `# The demo's miners, judged by ${name}: npm run demo
subnet: demo
dataDir: .demo
plugins: [.]
competitions: [${name}]
chain: { use: local-chain, file: .demo/network/chain.db, genesis: .demo/network/genesis.json, blockTime: 0.25 }
store: { use: local-files, repos: .demo/network/repos, minFreeBytes: 100000000 }
`;

const indexSource = (name: string): string => `import type { Plugin } from '@assay/core';
import { competition } from './competition.js';

const plugin: Plugin = { apiVersion: 1, name: '${name}', provides: { competitions: [competition] } };
export default plugin;
`;
