import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { z } from 'zod';
import { sampleFile, type EvaluationTask } from '../../contracts/evaluation-task.js';
import type { Canary } from '../../contracts/evaluator.js';
import { canonicalJson } from '../../journal/canonical-json.js';
import type { TextLossTask } from './schemas.js';

const FOLDER = fileURLToPath(new URL('../../../assets/canary/', import.meta.url));
const FILES = ['config.json', 'model.safetensors'];

/** Random models, by class: their folder, which holds their losses too, and their parameters. */
const LLAMA = { folder: '.', architecture: 'LlamaForCausalLM', parameterCount: 119_104 };
const OTHERS = [
  { folder: 'qwen3', architecture: 'Qwen3ForCausalLM', parameterCount: 32_992 },
  { folder: 'phi3', architecture: 'Phi3ForCausalLM', parameterCount: 26_784 },
  { folder: 'gemma3', architecture: 'Gemma3ForCausalLM', parameterCount: 33_120 },
  { folder: 'olmo2', architecture: 'Olmo2ForCausalLM', parameterCount: 26_880 },
  { folder: 'mixtral', architecture: 'MixtralForCausalLM', parameterCount: 51_744 },
  { folder: 'qwen3-moe', architecture: 'Qwen3MoeForCausalLM', parameterCount: 70_368 },
];

/** Nats by which a loss may be off: float32 differs by the order of additions, half precision by its rounding. */
const TOLERANCE = { float32: 1e-4, other: 0.05 };

const stored = sampleFile.omit({ path: true });
const scored = z.object({ losses: z.array(z.number()) });
const expected = scored.extend({
  samples: stored,
  prompts: stored,
  continuations: z.array(z.array(z.array(z.number().int()))),
});

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
async function readAs<T extends z.ZodType>(schema: T, folder: string): Promise<z.infer<T>> {
  return schema.parse(JSON.parse(await readFile(join(FOLDER, folder, 'expected.json'), 'utf8')));
}

/**
 * A small random model with the losses that transformers gives it in float32: of the class that is asked for where that one
 * takes other ways than Llama, else a Llama. Every evaluator of text losses scores it within a second. The versions 4.57.6 and
 * 5.18.0 agree on all of them, and 4.44.1 on those that it has.
 */
export async function textLossCanary(wanted?: string): Promise<Canary> {
  const { folder, architecture, parameterCount } = OTHERS.find((one) => one.architecture === wanted) ?? LLAMA;
  const { samples } = await readAs(expected, '.');
  const { losses } = await readAs(scored, folder);
  const files = await Promise.all(
    FILES.map(async (path) => {
      const bytes = await readFile(join(FOLDER, folder, path));
      return { path, size: bytes.length, sha256: sha256(bytes) };
    }),
  );
  const digest = sha256(canonicalJson(files));
  return {
    model: {
      reference: { namespace: 'assay', name: 'canary', revision: digest.slice(0, 40) },
      directory: join(FOLDER, folder),
      files,
      facts: {
        architecture,
        parameterCount,
        vocabularySize: 256,
        evaluationDigest: digest,
        tensorsDigest: digest,
        unusedTensors: [],
        dtypes: ['BF16'],
      },
    },
    task: taskOf('canary', 'samples.u32', samples, { promptLength: 0, generatedTokens: 1 }),
    score: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    tolerance: ({ computeType }) => (computeType === 'float32' ? TOLERANCE.float32 : TOLERANCE.other),
  };
}

/**
 * Two prompts of 16 tokens and the 20 tokens that the canary's model says after each, by transformers 4.44.1 in float32 and
 * in bfloat16. Each token is ahead of the next likely one by 0.09 at least.
 */
export async function knownContinuations(): Promise<{ task: EvaluationTask; continuations: number[][][] }> {
  const { prompts, continuations } = await readAs(expected, '.');
  const promptLength = prompts.shapes[0]?.length ?? 0;
  const generatedTokens = continuations[0]?.[0]?.length ?? 0;
  return { task: taskOf('continuations', 'prompts.u32', prompts, { promptLength, generatedTokens }), continuations };
}

function taskOf(
  name: string,
  file: string,
  samples: z.infer<typeof stored>,
  told: Pick<TextLossTask, 'promptLength' | 'generatedTokens'>,
): EvaluationTask {
  const kind = 'text-loss';
  const parameters: TextLossTask = { padTokenId: 0, packed: true, ...told };
  const samplesDigest = sha256(canonicalJson({ kind, ...samples, parameters }));
  return { name, kind, samplesDigest, samples: { ...samples, path: join(FOLDER, file) }, parameters };
}
