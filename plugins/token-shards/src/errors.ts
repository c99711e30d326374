import { printable } from '@assay/core/errors/printable';
import { defineErrors } from '@assay/core/errors/define-errors';

/** Names come from manifests. */
const shown = (text: string): string => printable(text, 200);

export const shardErrors = defineErrors({
  SHARD_SOURCES_UNUSABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { reason: string }) => `The sources of token shards can't be used: ${p.reason}`,
    hint: () => 'Correct `datasets: {token-shards: ...}` in the config file, or the options in the competition.',
  },
  MANIFEST_UNUSABLE: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { manifest: string; reason: string }) =>
      `The manifest ${shown(p.manifest)} of token shards can't be used: ${shown(p.reason)}`,
    hint: () => 'Check the address in the config file, and ask the publisher of the data.',
  },
  MANIFESTS_NOT_PINNED: {
    fault: 'config',
    retry: 'never',
    message: (p: { pinned: string; found: string }) =>
      `The manifests of the token shards have the digest ${p.found}, and ${p.pinned} is pinned.`,
    hint: () =>
      'Restore the pinned manifests, or agree with the other validators on the new ones and set `manifests` to their digest.',
  },
  PLACE_REFUSED: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { place: string; namedBy: string; reason: string }) =>
      `${shown(p.namedBy)} names ${shown(p.place)}, which is not read: ${p.reason}`,
    hint: () =>
      'Name places of the same folder, bucket or server in manifests, or public https addresses; name others in the config file.',
  },
  SHARD_MISSING: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { shard: string; reason: string }) => `There is no ${shown(p.shard)}: ${shown(p.reason)}`,
    hint: () => 'Check that everything that the manifests name is published and readable by everybody.',
  },
  SHARD_MALFORMED: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { shard: string; reason: string }) => `The shard ${shown(p.shard)} can't be read: ${shown(p.reason)}`,
    hint: () => 'Publish shards as numpy.save writes arrays of uint32 with one or two dimensions.',
  },
  SHARD_CHANGED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { shard: string }) => `The shard ${shown(p.shard)} has changed while it was read.`,
    hint: () => 'Publish changed shards under other names: validators compare what they draw.',
  },
  SHARD_DAMAGED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { shard: string; expected: string; found: string }) =>
      `The shard ${shown(p.shard)} has the sha256 ${p.found}; its manifest says ${p.expected}.`,
    hint: () => 'Check the source. What came is thrown away, and the shard is fetched again.',
  },
  SHARD_TOO_LARGE: {
    fault: 'config',
    retry: 'next-round',
    message: (p: { shard: string; bytes: number; limit: number }) =>
      `The shard ${shown(p.shard)} has ${p.bytes} bytes and has to be kept as a whole; ${p.limit} may be kept.`,
    hint: () => 'Raise `cacheBytes` of this dataset, or serve the shards from a server that answers ranges.',
  },
  SHARDS_NOT_KEPT: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { folder: string; reason: string }) => `A shard can't be kept in ${p.folder}: ${p.reason}`,
    hint: () => 'Free space on the disk, or set `cache` of this dataset to another folder.',
  },
  RECORDS_DO_NOT_DIVIDE: {
    fault: 'config',
    retry: 'never',
    message: (p: { shard: string; record: number; sequence: number }) =>
      `Sequences of ${p.sequence} tokens can't be joined of the records of ${p.record} in ${shown(p.shard)}.`,
    hint: () => 'Set the sequence length of the competition to a multiple of the length of the records.',
  },
  SEQUENCES_TOO_FEW: {
    fault: 'network',
    retry: 'next-round',
    message: (p: { source: string; found: number; wanted: number; shards: number }) =>
      `The source ${shown(p.source)} has ${p.found} of ${p.wanted} sequences in ${p.shards} shards.`,
    hint: () => 'Draw fewer sequences, or add shards to the source.',
  },
});
