import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const SPEC = 'aura-dev.json';
const GENESIS = 'subtensor-293-fast.genesis.json';
/** Key `:code`, under which a chain keeps its runtime. */
const CODE = '0x3a636f6465';

const hex = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);
const Spec = z.object({ genesis: z.object({ runtimeGenesis: z.object({ code: hex }) }) });
const Genesis = z.object({
  name: z.string(),
  id: z.string(),
  properties: z.object({ ss58Format: z.number(), tokenDecimals: z.number(), tokenSymbol: z.string() }),
  top: z.record(hex, hex),
});

export interface RuntimeFiles {
  spec: string;
  genesis: string;
}

/** The files of the Subtensor runtime that the environment names, or one sentence that says what is missing. */
export function findRuntime(environment: NodeJS.ProcessEnv = process.env): RuntimeFiles | string {
  const folder = environment['ASSAY_SUBTENSOR_RUNTIME'];
  if (!folder) return `ASSAY_SUBTENSOR_RUNTIME is not set: it names a folder with ${SPEC} and ${GENESIS}`;
  const spec = join(folder, SPEC);
  if (!existsSync(spec)) return `ASSAY_SUBTENSOR_RUNTIME=${folder} holds no ${SPEC}`;
  const genesis = environment['ASSAY_SUBTENSOR_GENESIS'] ?? join(folder, GENESIS);
  if (!existsSync(genesis)) return `There is no genesis storage at ${genesis}: set ASSAY_SUBTENSOR_GENESIS`;
  return { spec, genesis };
}

/** Genesis for `GenesisProvider`, with the runtime's code in it. */
export function readGenesis(files: RuntimeFiles): {
  name: string;
  id: string;
  properties: z.infer<typeof Genesis>['properties'];
  genesis: { raw: { top: Record<string, string> } };
} {
  const { code } = Spec.parse(JSON.parse(readFileSync(files.spec, 'utf8'))).genesis.runtimeGenesis;
  const { name, id, properties, top } = Genesis.parse(JSON.parse(readFileSync(files.genesis, 'utf8')));
  return { name, id, properties, genesis: { raw: { top: { ...top, [CODE]: code } } } };
}
