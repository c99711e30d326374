import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitmentOf, revealsOf } from '@assay/plugin-subtensor/dist/read/commitments.js';
import { columnsOf } from '@assay/plugin-subtensor/dist/read/neurons.js';
import { Runtime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import {
  equal,
  fields,
  list,
  number,
  skipped,
  text,
  units,
  type Fields,
  type Kind,
  type VectorWorld,
} from '../unit.js';

const GENESIS = `0x${'00'.repeat(32)}`;
/** Real answers of the same chain for a subnet of 1,024 uids. */
const ANSWERS = 'chain_fixture_full.json';

/** The runtime that a vector names by its metadata; a sentence where it is not there. */
export async function runtimeOf(content: Fields, { metadata }: VectorWorld): Promise<Runtime | string> {
  const name = content['metadata'] === undefined ? 'metadata_v15_spec343.hex' : text(content['metadata']);
  if (metadata === undefined) return `it needs ${name}: name its folder with --metadata FOLDER`;
  const file = join(metadata, name);
  if (!existsSync(file)) return `${file} is not there`;
  const hex = (await readFile(file, 'utf8')).trim();
  const version = { specName: 'node-subtensor', specVersion: 343, transactionVersion: 1 };
  return Runtime.load(GENESIS, version, Buffer.from(hex.slice(2), 'hex'));
}

export const commitments: Kind = async (content, world) => {
  const runtime = await runtimeOf(content, world);
  if (typeof runtime === 'string') return skipped('file', runtime);
  const hotkey = text(content['hotkey']);
  const place = (item: string, ...args: unknown[]): string => runtime.storageKey('Commitments', item, args);
  const keys = fields(content['storage_keys']);
  return [
    ...units({ keys: [keys] }, 'keys', (given) => {
      equal('part of a subnet', place('CommitmentOf', 9), given['CommitmentOf[9]prefix']);
      equal('one hotkey', place('CommitmentOf', 9, hotkey), given[`CommitmentOf[9,${hotkey}]`]);
      equal('reveals', place('RevealedCommitments', 9), given['RevealedCommitments[9]prefix']);
      equal('last updates', runtime.storageKey('SubtensorModule', 'LastUpdate', [9]), given['LastUpdate[9]']);
      const account = runtime.lastArgument('Commitments', 'CommitmentOf', place('CommitmentOf', 9, hotkey));
      equal('the hotkey in the key', account.toString(), hotkey);
      return 'reference';
    }),
    ...units(content, 'samples', (given) => {
      const read = commitmentOf(runtime, hotkey, text(given['storage_value_hex']));
      // A text without a character is no claim.
      if (given['text'] === '') equal('kind', 'kind' in read && read.kind, 'empty');
      else equal('text', 'data' in read && read.data, given['text']);
      equal('block', read.block, fields(given['storage_json'])['block']);
      return given['text'] === '' ? 'assay' : 'reference';
    }),
    ...units(content, 'other_variants', (given) => {
      const read = commitmentOf(runtime, hotkey, text(given['storage_value_hex']));
      const [wanted] = list(fields(fields(given['json'])['info'])['fields']);
      const bytes = fields(wanted)['bigRaw'];
      if (bytes === undefined) equal('kind', 'kind' in read && read.kind, KINDS_OF_DATA[text(given['variant'])]);
      else equal('text', 'data' in read && read.data, Buffer.from(text(bytes).slice(2), 'hex').toString());
      return 'reference';
    }),
    ...units({ two: [content['two_fields']] }, 'two', (given) => {
      const read = commitmentOf(runtime, hotkey, text(given['storage_value_hex']));
      equal('text of the first field', 'data' in read && read.data, 'hello:world');
      return 'reference';
    }),
    ...units({ revealed: [content['revealed']] }, 'revealed', (given) => {
      const { texts } = revealsOf(runtime, hotkey, text(given['storage_value_hex']));
      const wanted = list(given['json']).map((entry) => {
        const [bytes, block] = list(entry);
        return { hotkey, data: Buffer.from(text(bytes).slice(4), 'hex').toString(), block };
      });
      equal('texts', texts, wanted);
      return 'reference';
    }),
  ];
};

const KINDS_OF_DATA: Readonly<Record<string, string>> = {
  None: 'empty',
  ResetBondsFlag: 'unknown',
  Sha256: 'hash',
  TimelockEncrypted: 'timelocked',
};

export const metagraph: Kind = async (content, world) => {
  const runtime = await runtimeOf(content, world);
  if (typeof runtime === 'string') return skipped('file', runtime);
  const file = join(world.metadata ?? '', ANSWERS);
  if (!existsSync(file)) return skipped('file', `${file} is not there`);
  const answers = fields(JSON.parse(await readFile(file, 'utf8')));
  const answer = text(fields(answers['selective_mechagraph'])['result']);
  const columns = columnsOf(runtime, 'get_selective_mechagraph', answer);
  const totals = fields(content['sums']);
  return [
    ...units({ whole: [totals] }, 'whole', (given) => {
      equal('uids', columns?.hotkeys.length, content['n']);
      const sum = columns?.totalStake.reduce((all, stake) => all + stake, 0n);
      equal('stake', String(sum), given['totalStake_rao']);
      equal('permits', columns?.validatorPermit.filter(Boolean).length, given['permits']);
      const joined = createHash('sha256')
        .update(columns?.hotkeys.join(',') ?? '')
        .digest('hex');
      equal('hotkeys', joined, given['sha256_hotkeys_joined_comma']);
      equal(
        'miners with incentive',
        columns?.incentives.filter((share) => share > 0).length,
        given['nonzero_incentive'],
      );
      return 'reference';
    }),
    ...units(content, 'expect_uids', (given) => {
      const uid = number(given['uid']);
      equal('hotkey', columns?.hotkeys[uid], given['hotkey']);
      equal('coldkey', columns?.coldkeys[uid], given['coldkey']);
      equal('permit', columns?.validatorPermit[uid], given['validatorPermit']);
      equal('last update', columns?.lastUpdate[uid], given['lastUpdate']);
      equal('incentive', columns?.incentives[uid], number(given['incentive']) / 65_535);
      equal('dividends', columns?.dividends[uid], number(given['dividends']) / 65_535);
      equal('registered', columns?.blockAtRegistration[uid], given['blockAtRegistration']);
      equal('stake', String(columns?.totalStake[uid]), given['totalStake']);
      return 'reference';
    }),
    ...units(content, 'commitments_decoded', (given) => {
      const read = commitmentOf(
        runtime,
        text(given['account']),
        `0x${text(given['registration_hex']).replace(/^0x/, '')}`,
      );
      const decoded = fields(given['decoded']);
      const [wanted] = list(fields(decoded['info'])['fields']);
      const [bytes] = Object.values(fields(wanted));
      equal('text', 'data' in read && read.data, Buffer.from(text(bytes).slice(2), 'hex').toString());
      equal('block', read.block, decoded['block']);
      return 'reference';
    }),
  ];
};
