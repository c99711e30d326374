import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACT_NAMES, CONTRACTS } from '@assay/core/plugin/contracts';
import { checkedOptions } from '@assay/core/plugin/registry';
import { parse } from 'yaml';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../cli/dist/load-config.js';
import { loadPlugins } from '../../cli/dist/load-plugins.js';
import { terminalPlugin } from '../../cli/dist/report/terminal-plugin.js';
import { validator } from '../e2e/validator-process.js';
import { ROOT } from '../e2e/world.js';

const EXAMPLES = join(ROOT, 'examples');
const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
/** Those that an operator begins with: they show everything that has to be decided. */
const WHOLE = ['finney.yaml', 'local.yaml'];
const silent = (): void => undefined;

/** Loads a config file with every package that it names, and checks the options of each implementation by its own schema. */
async function checked(file: string): Promise<string[]> {
  const { config, baseDir } = await loadConfig(join(EXAMPLES, file), { values: {}, names: {} }, {});
  const registry = (await loadPlugins(config, baseDir, '/nonexistent', silent)).with(
    terminalPlugin(process.stdout, silent),
  );
  registry.profile(config.subnet);
  const uses = CONTRACT_NAMES.map((contract) => {
    const { use, ...given } = config[contract];
    const own = CONTRACTS[contract].ownOptions;
    const isOwn = ([key]: [string, unknown]): boolean => own !== undefined && key in own.shape;
    if (own) checkedOptions(contract, own, Object.fromEntries(Object.entries(given).filter(isOwn)));
    const others = Object.fromEntries(Object.entries(given).filter((entry) => !isOwn(entry)));
    checkedOptions(contract, registry.factory(contract, use).options, others);
    return use;
  });
  for (const { use, ...given } of config.reporters ?? []) checkedOptions(use, registry.reporter(use).options, given);
  return uses;
}

describe.each(files)('examples/%s', (file) => {
  it('has only options that its packages take', async () => {
    expect(await checked(file)).toHaveLength(CONTRACT_NAMES.length);
  });

  it('is shown by validator config show without a warning', async () => {
    const { code, stderr } = await validator(['config', 'show', '--config', join(EXAMPLES, file)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('holds no secret', () => {
    expect(readFileSync(join(EXAMPLES, file), 'utf8')).not.toMatch(/hf_[A-Za-z0-9]{8}|AKIA[A-Z0-9]{8}|secretPhrase/);
  });
});

describe.each(WHOLE)('examples/%s', (file) => {
  it('says everything that an operator has to decide, and a comment says what each is', () => {
    const text = readFileSync(join(EXAMPLES, file), 'utf8');
    const config = z.record(z.string(), z.unknown()).parse(parse(text));
    const sections = [
      'subnet',
      'dataDir',
      'chain',
      'store',
      'evaluator',
      'journal',
      'reporters',
      'cadences',
      'logLevel',
    ];
    expect(Object.keys(config)).toEqual(expect.arrayContaining(sections));
    expect(config).toMatchObject({
      chain: { use: 'subtensor', wallet: { name: expect.any(String) as string } },
      store: { maxBytes: expect.any(Number) as number, minFreeBytes: expect.any(Number) as number },
      evaluator: { device: expect.any(String) as string },
      journal: { keepRounds: expect.any(Number) as number },
    });
    expect(text).toMatch(/^#.*docs\/run\/first-weights\.md/m);
  });
});
