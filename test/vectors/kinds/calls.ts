import { argumentsOf } from '@assay/plugin-subtensor/dist/submit/weights-calls.js';
import { commitHash } from '@assay/plugin-subtensor/dist/submit/weights-bytes.js';
import {
  bigint,
  equal,
  fields,
  list,
  Mismatch,
  number,
  numbers,
  skipped,
  text,
  unitOf,
  units,
  type Kind,
} from '../unit.js';
import { runtimeOf } from './chain.js';

const PALLET = 'SubtensorModule';
/** What the vectors of these calls hold and do not name. */
const UNNAMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  commit_weights: { commitHash: `0x${'11'.repeat(32)}` },
  reveal_weights: { uids: [1], values: [65_535], salt: [7, 8], versionKey: 0 },
};

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export const calls: Kind = async (content, world) => {
  const runtime = await runtimeOf(content, world);
  if (typeof runtime === 'string') return skipped('file', runtime);
  const given = Object.entries(fields(content['args'])).map(([name, value]) => [camelCase(name), value] as const);
  const values = Object.fromEntries(given);
  const place = { netuid: number(values['netuid']), mechanism: number(values['mecid']) };
  return Promise.all(
    Object.entries(fields(content['calls'])).map(async ([call, wanted]) =>
      unitOf(call, () => {
        const takes = runtime.calls.argumentNames(PALLET, call);
        if (!takes) throw new Mismatch('the metadata has no such call');
        const args = argumentsOf({ runtime, place }, { call, takes }, { ...values, ...UNNAMED[call] });
        equal('bytes', `0x${Buffer.from(runtime.calls.encode(PALLET, call, args)).toString('hex')}`, wanted);
        return 'reference';
      }),
    ),
  );
};

export const commitHashes: Kind = async (content, world) => {
  const runtime = await runtimeOf({}, world);
  if (typeof runtime === 'string') return skipped('file', runtime);
  return units({ one: [content] }, 'one', (given) => {
    const row = {
      hotkey: Buffer.from(text(given['hotkey']), 'hex'),
      uids: numbers(given['uids']),
      weights: numbers(given['values']),
      versionKey: bigint(given['version_key']),
    };
    const salt = numbers(list(given['salt']));
    equal('hash', commitHash(runtime.registry, number(given['storage_index']), row, salt), given['hash']);
    return 'reference';
  });
};
