import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf } from '@assay/core/errors/describe';
import { packInto } from '../npm.js';
import { competitionErrors } from './errors.js';

interface Scaffold {
  name: string;
  /** Where the package is made: empty, or not there. */
  folder: string;
  /** Folders of the packages that it is developed with. */
  packages: { validator: string; core: string; demo: string };
}

/** Texts that a new package begins with. */
const ROWS = 40;

/**
 * A package of a competition that builds, passes its checks and runs on the demo network.
 * @returns the files that were written
 * @throws COMPETITION_NAME_INVALID, COMPETITION_FOLDER_TAKEN, PACKAGE_UNPACKABLE
 */
export async function scaffoldCompetition({ name, folder, packages }: Scaffold): Promise<string[]> {
  if (!/^[a-z0-9][a-z0-9-]{0,60}$/.test(name)) throw competitionErrors.COMPETITION_NAME_INVALID({ name });
  if ((await readdir(folder).catch(() => [])).length > 0) throw competitionErrors.COMPETITION_FOLDER_TAKEN({ folder });
  const files: Record<string, string> = {
    'package.json': packageJson(name, folder, packages, await vendored(folder, packages.core)),
    'tsconfig.json': TSCONFIG,
    'README.md': readme(name),
    '.gitignore': 'node_modules/\ndist/\n.demo/\n',
    'demo.yaml': demoConfig(name),
    'src/competition.ts': competitionSource(name),
    'src/index.ts': indexSource(name),
    'assets/texts.jsonl': (await readFile(join(packages.demo, 'assets', 'texts', 'heldout.jsonl'), 'utf8'))
      .split('\n')
      .slice(0, ROWS)
      .join('\n'),
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await cp(join(packages.demo, 'assets', 'tokenizer'), join(folder, 'assets', 'tokenizer'), { recursive: true });
  return [...Object.keys(files), 'assets/tokenizer/', 'vendor/'].sort();
}

/**
 * The core as a tarball inside the new package: it type-checks wherever it is copied to, although no registry has the core.
 * @returns its path in the package
 * @throws PACKAGE_UNPACKABLE
 */
async function vendored(folder: string, core: string): Promise<string> {
  await mkdir(join(folder, 'vendor'), { recursive: true });
  try {
    await packInto(join(folder, 'vendor'), core);
  } catch (error) {
    throw competitionErrors.PACKAGE_UNPACKABLE({ package: core, reason: messageOf(error) }, error);
  }
  const [tarball = ''] = await readdir(join(folder, 'vendor'));
  return `vendor/${tarball}`;
}

function packageJson(name: string, folder: string, { validator, demo }: Scaffold['packages'], core: string): string {
  const from = (path: string): string => `file:${relative(folder, path)}`;
  const manifest = {
    name: `competition-${name}`,
    version: '0.1.0',
    description: `The competition ${name}.`,
    private: true,
    type: 'module',
    exports: './dist/index.js',
    files: ['dist', 'assets'],
    validator: { plugin: true, apiVersion: 1 },
    oclif: {},
    scripts: {
      build: 'tsc',
      test: 'tsc && validator competition check .',
      demo: 'tsc && node node_modules/@assay/competition-demo/dist/main.js .demo && validator run --config demo.yaml --once',
    },
    devDependencies: {
      '@assay/competition-demo': from(demo),
      '@assay/core': `file:${core}`,
      '@assay/validator': from(validator),
      typescript: '6.0.3',
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023", "module": "nodenext", "strict": true, "noUncheckedIndexedAccess": true, "verbatimModuleSyntax": true,
    "skipLibCheck": true, "types": [], "lib": ["es2023", "dom"], "rootDir": "src", "outDir": "dist", "declaration": true
  },
  "include": ["src"]
}
`;

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
store: { use: local-files, repos: .demo/network/repos }
`;

const competitionSource = (name: string): string => `import type { Competition } from '@assay/core';

/** A file of this package. */
const asset = (path: string): string => decodeURIComponent(new URL(\`../assets/\${path}\`, import.meta.url).pathname);

export const competition: Competition = {
  // What miners commit to. On your own subnet: any number that none of its other competitions has.
  id: 1,
  name: '${name}',
  // Which models may take part.
  constraints: {
    minParameters: 100_000,
    maxParameters: 700_000,
    maxBytes: 4 * 1024 * 1024,
    architectures: ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'],
    sequenceLength: 256,
  },
  tokenizer: { kind: 'folder', path: asset('tokenizer') },
  // A later model must be better by this share of the loss; how fast the advantage of the earlier one decays, in blocks.
  epsilon: { rule: 'linear-decay', start: 0.005, end: 0.0005, blocks: 2000 },
  tasks: [
    {
      name: 'texts',
      kind: 'text-loss',
      // For a dataset of the hub: dataset: 'huggingface-rows',
      // datasetOptions: { dataset: 'NAMESPACE/NAME', lastOffset: 1_000_000 }.
      dataset: 'local-text',
      datasetOptions: { path: asset('texts.jsonl'), pageRows: 5 },
      pages: 6,
      batchSize: 1,
      packSamples: true,
      maxBatches: 32,
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  match: { rule: 'mean-loss' },
  onDatasetFailure: 'skip-round',
};
`;

const indexSource = (name: string): string => `import type { Plugin } from '@assay/core';
import { competition } from './competition.js';

const plugin: Plugin = { apiVersion: 1, name: '${name}', provides: { competitions: [competition] } };
export default plugin;
`;
