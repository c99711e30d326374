import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Canary } from '@assay/core/contracts/evaluator';

export const CANARY_LOSS = 7;

/** A model of known loss in a folder of its own below this one. */
export function canaryIn(parent: string, name = 'canary'): Canary {
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.safetensors'), String(CANARY_LOSS));
  const facts = {
    architecture: 'Plain',
    parameterCount: 1,
    vocabularySize: 10,
    evaluationDigest: name,
    tensorsDigest: 'c',
    unusedTensors: [],
    dtypes: [],
  };
  return {
    model: { reference: { namespace: 'assay', name, revision: '' }, directory: folder, files: [], facts },
    task: {
      name: 'canary',
      kind: 'text-loss',
      samplesDigest: 'c',
      samples: { path: '/none', digest: '0'.repeat(64), shapes: [{ samples: 1, rows: 1, length: 4 }] },
      parameters: {},
    },
    score: CANARY_LOSS,
    tolerance: () => 1e-4,
  };
}
