import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { z } from 'zod';
import type { Canary } from '../contracts/evaluator.js';
import type { TextLossSamples } from '../contracts/task-kinds.js';
import { canonicalJson } from '../journal/canonical-json.js';

const FOLDER = fileURLToPath(new URL('../../assets/canary/', import.meta.url));
const FILES = ['config.json', 'model.safetensors'];
const PARAMETERS = 120_000;

/** Nats by which a loss may be off: float32 differs by the order of additions, half precision by its rounding. */
const TOLERANCE = { float32: 1e-4, other: 0.05 };

const expected = z.object({ batches: z.array(z.array(z.array(z.number().int()))), losses: z.array(z.number()) });

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * A Llama of 120,000 random weights, with the losses that transformers 4.44.1 gives it in float32: what every evaluator
 * of text losses can score in no time.
 */
export async function textLossCanary(): Promise<Canary> {
  const { batches, losses } = expected.parse(JSON.parse(await readFile(join(FOLDER, 'expected.json'), 'utf8')));
  const files = await Promise.all(
    FILES.map(async (path) => {
      const bytes = await readFile(join(FOLDER, path));
      return { path, size: bytes.length, sha256: sha256(bytes) };
    }),
  );
  const digest = sha256(canonicalJson(files));
  const samples: TextLossSamples = { batches, padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 };
  return {
    model: {
      reference: { namespace: 'assay', name: 'canary', revision: digest.slice(0, 40) },
      directory: FOLDER,
      files,
      facts: {
        architecture: 'LlamaForCausalLM',
        parameterCount: PARAMETERS,
        vocabularySize: 256,
        evaluationDigest: digest,
        tensorsDigest: digest,
        unusedTensors: [],
        dtypes: ['BF16'],
      },
    },
    task: { name: 'canary', kind: 'text-loss', samplesDigest: sha256(canonicalJson(samples)), samples },
    score: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    tolerance: ({ computeType }) => (computeType === 'float32' ? TOLERANCE.float32 : TOLERANCE.other),
  };
}
