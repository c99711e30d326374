import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

const short = (text: string): string => printable(text, 200);

/** What a miner's files can be refused for. Names from the files stay in the payload, cut short. */
export const modelErrors = defineErrors({
  CONFIG_UNREADABLE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { file: string; reason: string }) => `${p.file} can't be used: ${short(p.reason)}`,
    hint: () =>
      'Save the model with save_pretrained, with values that the library accepts; config files are JSON objects of at most 1 MiB.',
  },
  GENERATION_UNSUPPORTED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { file: string; key: string; what: string }) =>
      `${p.file} asks for ${p.what} (${p.key}), which the evaluator can't follow.`,
    hint: (p: { key: string }) => `Remove ${p.key} from the file, or generate with the model before you commit it.`,
  },
  CONFIG_UNSUPPORTED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { architecture: string; issues: readonly string[] }) =>
      `config.json is no valid ${p.architecture}: ${short(p.issues.join('; '))}`,
    hint: () => 'Use values that the library itself accepts for this architecture.',
  },
  ARCHITECTURE_UNSUPPORTED: {
    fault: 'miner',
    retry: 'never',
    message: (p: {
      modelType: string | undefined;
      supported: readonly string[];
      library: string;
      others: readonly string[];
      parts?: readonly string[];
    }) =>
      p.modelType === undefined
        ? `config.json has no model_type that is a name; supported are ${p.supported.join(', ')}.`
        : `model_type ${short(JSON.stringify(p.modelType))} is none of those that are followed of ${p.library}: ${p.supported.join(', ')}.` +
          (p.parts ? ` It wraps several models: config.json holds ${p.parts.join(' and ')}.` : ''),
    hint: (p: { modelType: string | undefined; others: readonly string[]; parts?: readonly string[] }) => {
      if (p.modelType === undefined) return 'Save the model with save_pretrained, which writes model_type.';
      if (p.others.length > 0)
        return `Follow a version that has the class, if the subnet does: evaluator: { library: ${p.others.join(' or ')} }, or --library of validator evaluate.`;
      return p.parts
        ? 'Publish the language model by itself, with its own config.json.'
        : 'Publish a model of one of the supported architectures.';
    },
  },
  WEIGHTS_MISSING: {
    fault: 'miner',
    retry: 'never',
    message: (p: { found: readonly string[] }) =>
      `There is neither model.safetensors nor an index of shards${p.found.length > 0 ? ', only formats that are never opened' : ''}.`,
    hint: () => 'Save the weights as safetensors: model.save_pretrained(folder, safe_serialization=True).',
  },
  SAFETENSORS_MALFORMED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { file: string; reason: string }) =>
      `${short(p.file)} is no valid safetensors file: ${short(p.reason)}`,
    hint: () =>
      'Save the weights again with save_pretrained, upload the file itself, and compare sizes after the upload.',
  },
  SAFETENSORS_FORMAT: {
    fault: 'miner',
    retry: 'never',
    message: (p: { file: string; format: string | undefined; formats: readonly string[] }) =>
      `The metadata of ${short(p.file)} ${p.format === undefined ? 'name no format' : `name the format ${short(JSON.stringify(p.format))}`}; the library opens ${p.formats.join(', ')}.`,
    hint: () =>
      "Save the model with save_pretrained, or the file with save_file(tensors, path, metadata={'format': 'pt'}).",
  },
  INDEX_MALFORMED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { reason: string }) => `model.safetensors.index.json can't be used: ${short(p.reason)}`,
    hint: () => 'Save the model again; every shard that the index names must lie beside it.',
  },
  TENSOR_MISSING: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string; missing: number }) =>
      `The weights lack ${short(p.tensor)}${p.missing > 1 ? ` and ${p.missing - 1} more` : ''}.`,
    hint: () => 'Every tensor of the architecture has to be there; none is filled in.',
  },
  EXPERT_SURPLUS: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string }) =>
      `${short(p.tensor)} is one expert more than config.json says, or is part of a tensor of all experts as well.`,
    hint: () => 'Save the model with save_pretrained: each expert once, numbered from 0 on.',
  },
  EXPERTS_SCATTERED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string; parts: number; limit: number }) =>
      `The experts beside ${short(p.tensor)} are in ${p.parts} combinations of files, types and distant places; at most ${p.limit} are followed.`,
    hint: () => 'Save the model with save_pretrained in one type, which keeps the experts of a layer together.',
  },
  TENSOR_SHAPE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string; shape: readonly number[]; expected: readonly number[] }) =>
      `${short(p.tensor)} has shape [${p.shape.slice(0, 8).join(', ')}] where config.json asks for [${p.expected.join(', ')}].`,
    hint: () => 'config.json and the weights must be of the same model.',
  },
  TENSOR_TYPE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string; dtype: string }) => `${short(p.tensor)} is stored as ${p.dtype}.`,
    hint: () => 'Store weights as F32, F16, BF16 or F64.',
  },
  WEIGHTS_QUANTIZED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { method: string; sign: string }) => `The model is quantized (${short(p.method)}): ${short(p.sign)}.`,
    hint: () =>
      'Publish the weights unquantized, as safetensors in F32, F16 or BF16, and without quantization_config in config.json.',
  },
  WEIGHTS_MIXED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string; prefix: string }) =>
      `The weights hold ${short(p.tensor)} and no name that begins with ${p.prefix}: the library takes them for a bare model, which has no head.`,
    hint: () => 'Save the model of the whole class with save_pretrained, so that every name has its prefix.',
  },
  NON_FINITE_WEIGHT: {
    fault: 'miner',
    retry: 'never',
    message: (p: { tensor: string; element: number; value: 'NaN' | 'infinity' }) =>
      `${short(p.tensor)} holds ${p.value} at element ${p.element}.`,
    hint: () => 'Weights are finite numbers: look for an overflow in training or in the conversion to a shorter type.',
  },
  NON_FINITE_LOSS: {
    fault: 'miner',
    retry: 'never',
    message: (p: { task: string; batch: number }) =>
      `The loss of batch ${p.batch} in ${p.task} is not a finite number.`,
    hint: () => 'Weights are so large that activations overflow: evaluate the model yourself before committing it.',
  },
  NON_FINITE_LOGITS: {
    fault: 'miner',
    retry: 'never',
    message: (p: { position: number }) => `The model's logits behind ${p.position} tokens are no numbers.`,
    hint: () => 'Weights are so large that activations overflow: evaluate the model yourself before committing it.',
  },
  SEQUENCE_TOO_LONG: {
    fault: 'miner',
    retry: 'never',
    message: (p: { length: number; limit: number }) =>
      `Sequences of ${p.length} tokens do not fit the model's ${p.limit} positions.`,
    hint: () => 'Publish a model with enough positions for the competition.',
  },
  TOKEN_OUT_OF_RANGE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { token: number; vocabularySize: number }) =>
      `Token ${p.token} is beyond the model's vocabulary of ${p.vocabularySize}.`,
    hint: () => "The vocabulary must cover the competition's tokenizer.",
  },
});

export const evaluatorErrors = defineErrors({
  DEVICE_UNAVAILABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { device: string; available: readonly string[]; reason: string; install: string }) =>
      `Device ${p.device} can't be used: ${short(p.reason)}. There is ${p.available.join(', ')}.`,
    hint: (p: { install: string }) => `${p.install} Or set evaluator.device, or --device, to one that is there.`,
  },
  COMPUTE_TYPE_UNSUPPORTED: {
    fault: 'config',
    retry: 'never',
    message: (p: { device: string; computeType: string; supported: readonly string[] }) =>
      `Device ${p.device} does not compute in ${p.computeType}; it does in ${p.supported.join(', ')}.`,
    hint: () => 'Set evaluator.computeType, or --compute-type, to one that it does.',
  },
  ARCHITECTURE_DUPLICATE: {
    fault: 'config',
    retry: 'never',
    message: (p: { modelType: string; className: string }) =>
      `There is already an architecture for model_type ${p.modelType} or class ${p.className}.`,
    hint: () => 'Remove one of the packages that bring it, or give the architecture a name of its own.',
  },
  ARCHITECTURE_MODULE: {
    fault: 'config',
    retry: 'never',
    message: (p: { module: string; reason: string }) => `${p.module} brings no architecture: ${short(p.reason)}`,
    hint: () => 'Its default export must be an Architecture: see docs/build/architecture.md.',
  },
  DEVICE_DIFFERS: {
    fault: 'config',
    retry: 'never',
    message: (p: { device: string; computeType: string; difference: number | string; tolerance: number }) =>
      `Losses of a small model on ${p.device} (${p.computeType}) are off by ${p.difference} from those on the CPU; ${p.tolerance} is tolerated.`,
    hint: () => 'Nothing is scored on it. Update its driver, or set evaluator.device to cpu.',
  },
  SAMPLES_INVALID: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { task: string; reason: string }) => `The samples of ${p.task} can't be evaluated: ${short(p.reason)}`,
    hint: () => 'This is a defect of the sampling: please report it with the journal entry.',
  },
  KIND_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { kind: string }) => `This evaluator has no tasks of kind ${p.kind}.`,
    hint: () => 'Name an evaluator that declares the kind.',
  },
  RUNTIME_FAILED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { reason: string }) => `The engine failed: ${short(p.reason)}`,
    hint: () => 'The model keeps its standing. If it fails again and again, evaluate it by hand and look at memory.',
  },
  FILES_CHANGED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { directory: string }) => `The files in ${p.directory} are not those that were verified.`,
    hint: () => 'Something else writes into the store folder; give the validator a folder of its own.',
  },
});
