import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

export const duelErrors = defineErrors({
  DUEL_CLAIM_MALFORMED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { reason: string; claim: string; form: string }) => `The reveal is not a claim: ${p.reason}.`,
    hint: (p: { form: string }) =>
      `Reveal ${p.form}: the repo in plain letters, the digest as hf: and 40 or sha256: and 64 lower-case hex digits.`,
  },
  DUEL_CLAIM_UNWRITABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { repo: string; source: string; reason: string }) =>
      `A claim to ${printable(p.repo, 200)} can't be written: ${p.reason}.`,
    hint: () => "Publish the model on the hub, or in the registry that the subnet's profile names.",
  },
  DUEL_PLACE_NOT_READ: {
    fault: 'miner',
    retry: 'never',
    message: (p: { place: string; places: readonly string[] }) =>
      `The model lies in ${printable(p.place, 200)}, and this subnet reads models from ${p.places.join(', ')} only.`,
    hint: (p: { places: readonly string[] }) => `Publish the model in ${p.places.join(' or ')}, and reveal it there.`,
  },
  SHARD_INDEX_MISSING: {
    fault: 'miner',
    retry: 'never',
    message: (p: { shards: number }) =>
      `The repo has ${p.shards} shards of weights and no model.safetensors.index.json.`,
    hint: () => 'Upload the whole folder that save_pretrained wrote: the index is in it.',
  },
  WEIGHT_FILES_MISNAMED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { paths: readonly string[] }) =>
      `The safetensors have names that are not read: ${printable(p.paths.join(', '), 200)}.`,
    hint: () =>
      'Name the weights model.safetensors, or model-00001-of-00002.safetensors and so on beside model.safetensors.index.json.',
  },
  WEIGHTS_TOO_LARGE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { bytes: number; limit: number }) =>
      `The safetensors of the repo have ${p.bytes} bytes, more than ${p.limit}.`,
    hint: () => 'Publish the weights once, in half precision, and without the state of the optimiser.',
  },
  OWNER_MARK_MISSING: {
    fault: 'miner',
    retry: 'never',
    message: (p: { repo: string; mark: string }) =>
      `The name of the repo, ${printable(p.repo, 200)}, does not hold ${p.mark}.`,
    hint: (p: { mark: string }) =>
      `Publish the model in a repo with ${p.mark} in its name: the first and the last characters of your coldkey.`,
  },
  DIGEST_SUBMITTED_BEFORE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { digest: string }) =>
      `The model ${printable(p.digest, 80)} was submitted before, and this hotkey has used up its evaluation with it.`,
    hint: () => 'Train a model of your own and claim it with another hotkey: each hotkey has one evaluation.',
  },
});
