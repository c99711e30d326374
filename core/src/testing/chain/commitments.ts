import { isDeepStrictEqual } from 'node:util';
import type { ChainSnapshot, Commitment } from '../../contracts/chain-client.js';
import { demand } from '../checks.js';
import { shown, type ChainCheck, type ChainSubject } from './world.js';

/** Bytes of the longest text that a chain shows: that of an opened timelock. */
const LONGEST = 1024;
const MOST_REVEALED = 10;

const snapshotOf = (subject: ChainSubject): Promise<ChainSnapshot> =>
  subject.with({}, (client) => client.snapshot(subject.signal));

const textOf = ({ commitments }: ChainSnapshot, hotkey: string): string | undefined =>
  commitments.find((commitment) => commitment.hotkey === hotkey)?.data;

const revealedOf = ({ revealed }: ChainSnapshot, hotkey: string): Commitment[] =>
  revealed.filter((commitment) => commitment.hotkey === hotkey);

function requireText({ hotkey, data, block }: Commitment, snapshot: ChainSnapshot): void {
  const { neurons, at } = snapshot;
  demand(
    neurons.some((neuron) => neuron.hotkey === hotkey),
    `${hotkey} is not registered, and its commitment is listed`,
  );
  demand(Number.isInteger(block) && block >= 0 && block <= at.number, `a commitment is of block ${block}`);
  demand(Buffer.byteLength(data) <= LONGEST, `a commitment has ${Buffer.byteLength(data)} bytes`);
  demand(!/[\ud800-\udfff]/u.test(data), 'a commitment holds half a surrogate pair');
}

const listsTexts: ChainCheck = async (subject) => {
  const snapshot = await snapshotOf(subject);
  const { commitments, revealed, unreadable, neurons } = snapshot;
  for (const commitment of [...commitments, ...revealed]) requireText(commitment, snapshot);
  const slots = [...commitments, ...unreadable].map(({ hotkey }) => hotkey);
  const twice = slots.find((hotkey, index) => slots.indexOf(hotkey) !== index);
  demand(twice === undefined, `${twice ?? ''} has two commitments, and the chain holds one of each hotkey`);
  for (const { hotkey, detail } of unreadable) {
    demand(
      neurons.some((neuron) => neuron.hotkey === hotkey),
      `${hotkey} is not registered, and listed as unreadable`,
    );
    demand(detail !== '' && !/[\r\n]/.test(detail), `the detail of an unreadable commitment is ${shown(detail)}`);
  }
  for (const { hotkey } of neurons) requireOrder(revealedOf(snapshot, hotkey));
};

function requireOrder(revealed: readonly Commitment[]): void {
  demand(revealed.length <= MOST_REVEALED, `a hotkey has ${revealed.length} revealed commitments`);
  const isOrdered = revealed.every(({ block }, index) => block >= (revealed[index - 1]?.block ?? 0));
  demand(isOrdered, `revealed commitments are of blocks ${revealed.map(({ block }) => block).join(', ')}`);
}

/** Bytes and the text that the reference's SDK makes of them: Python's `decode('utf-8', errors='ignore')`. */
const TEXTS: readonly (readonly [what: string, hex: string, text: string])[] = [
  ['no bytes', '', ''],
  ['128 bytes', '78'.repeat(128), 'x'.repeat(128)],
  ['control characters', '00610a1b7f', '\u0000a\n\u001b\u007f'],
  ['a byte that is never in UTF-8', '61ff62', 'ab'],
  ['a sequence that is cut off', '61f09f98', 'a'],
  ['half a surrogate pair', 'eda08061', 'a'],
  ['an overlong sequence', 'c0af61', 'a'],
  ['a replacement character that was committed', 'efbfbd61', '\ufffda'],
  ['a byte order mark', 'efbbbf61', '\ufeffa'],
];

const readsBytes: ChainCheck = async (subject) => {
  const [register, putCommitment] = [subject.needs('register'), subject.needs('putCommitment')];
  const [odd, neighbour] = [await register({}), await register({})];
  await putCommitment(neighbour.hotkey, Buffer.from('a neighbour'));
  for (const [what, hex, text] of TEXTS) {
    await putCommitment(odd.hotkey, Buffer.from(hex, 'hex'));
    const snapshot = await snapshotOf(subject);
    const isEmpty = snapshot.unreadable.some(({ hotkey, kind }) => hotkey === odd.hotkey && kind === 'empty');
    const found = textOf(snapshot, odd.hotkey) ?? (isEmpty ? '' : undefined);
    demand(found === text, `${what} (${hex.slice(0, 20)}) are read as ${shown(found)}, and not ${shown(text)}`);
    const beside = textOf(snapshot, neighbour.hotkey);
    demand(beside === 'a neighbour', `beside ${what} a neighbour's commitment is read as ${shown(beside)}`);
  }
};

const leavesOutTheGone: ChainCheck = async (subject) => {
  const [register, putCommitment] = [subject.needs('register'), subject.needs('putCommitment')];
  const gone = await register({});
  await putCommitment(gone.hotkey, Buffer.from('gone'));
  demand(
    textOf(await snapshotOf(subject), gone.hotkey) === 'gone',
    'a commitment of a registered hotkey is not listed',
  );
  await subject.remove(gone.uid);
  const { commitments, revealed, unreadable } = await snapshotOf(subject);
  const isListed = [...commitments, ...revealed, ...unreadable].some(({ hotkey }) => hotkey === gone.hotkey);
  demand(!isListed, 'a commitment of a hotkey that has left is listed');
};

const keepsEarlierBlocks: ChainCheck = async (subject) => {
  const [register, putCommitment] = [subject.needs('register'), subject.needs('putCommitment')];
  const { uid, hotkey } = await register({});
  await putCommitment(hotkey, Buffer.from('earlier'));
  const before = (await snapshotOf(subject)).commitments.find((commitment) => commitment.hotkey === hotkey);
  await subject.remove(uid);
  await register({ hotkey });
  const { neurons, commitments } = await snapshotOf(subject);
  const own = neurons.find((neuron) => neuron.hotkey === hotkey);
  const after = commitments.find((commitment) => commitment.hotkey === hotkey);
  demand(own !== undefined && before !== undefined, 'a hotkey that was registered again is not listed');
  demand(own.registeredAt > before.block, 'the block of registration is not that of the second one');
  demand(
    after === undefined || after.block === before.block,
    `a commitment of block ${before.block} is listed with block ${shown(after?.block)} after its hotkey registered again`,
  );
};

const TEXTLESS = ['empty', 'hash', 'unknown', 'reveal-failed'] as const;

const listsUnreadable: ChainCheck = async (subject) => {
  const [register, putTextless] = [subject.needs('register'), subject.needs('putTextless')];
  const { hotkey } = await register({});
  for (const kind of TEXTLESS) {
    await putTextless(hotkey, kind);
    const snapshot = await snapshotOf(subject);
    const found = snapshot.unreadable.find((row) => row.hotkey === hotkey)?.kind;
    demand(found === kind, `a commitment of kind ${kind} is listed as ${shown(found)}`);
    demand(textOf(snapshot, hotkey) === undefined, `a commitment of kind ${kind} is listed with a text`);
  }
};

const opensTimelocked: ChainCheck = async (subject) => {
  const { hotkey } = await subject.needs('register')({});
  await subject.needs('putTimelocked')(hotkey, 'sealed');
  const sealed = await snapshotOf(subject);
  const row = sealed.unreadable.find((candidate) => candidate.hotkey === hotkey);
  demand(row?.kind === 'timelocked', `a timelocked commitment is listed as ${shown(row?.kind)}`);
  demand(
    textOf(sealed, hotkey) === undefined && revealedOf(sealed, hotkey).length === 0,
    'a timelocked commitment is read before it is opened',
  );
  await subject.needs('reveal')(hotkey);
  const open = await snapshotOf(subject);
  const [revealed, ...others] = revealedOf(open, hotkey);
  demand(revealed?.data === 'sealed' && others.length === 0, `opened, it reads ${shown(revealed?.data)}`);
  demand(
    revealed.block > sealed.at.number && revealed.block <= open.at.number,
    `it was opened after block ${sealed.at.number}, and is listed with block ${revealed.block}`,
  );
  demand(textOf(open, hotkey) === undefined, 'an opened commitment is listed as a plain one too');
  demand(!open.unreadable.some((candidate) => candidate.hotkey === hotkey), 'an opened commitment is still unreadable');
};

const keepsTheLastTen: ChainCheck = async (subject) => {
  const [timelock, reveal] = [subject.needs('putTimelocked'), subject.needs('reveal')];
  const { hotkey } = await subject.needs('register')({});
  const texts = Array.from({ length: MOST_REVEALED + 2 }, (_, index) => `text ${index}`);
  for (const text of texts) {
    await timelock(hotkey, text);
    await reveal(hotkey);
  }
  const found = revealedOf(await snapshotOf(subject), hotkey);
  requireOrder(found);
  const [given, wanted] = [found.map(({ data }) => data), texts.slice(-MOST_REVEALED)];
  demand(isDeepStrictEqual(given, wanted), `of twelve revealed commitments these are listed: ${given.join(', ')}`);
};

const overwritesTimelocked: ChainCheck = async (subject) => {
  const { hotkey } = await subject.needs('register')({});
  await subject.needs('putTimelocked')(hotkey, 'never to be read');
  await subject.needs('putCommitment')(hotkey, Buffer.from('plain'));
  const snapshot = await snapshotOf(subject);
  demand(textOf(snapshot, hotkey) === 'plain', 'a plain commitment is not listed after a timelocked one');
  demand(!snapshot.unreadable.some((row) => row.hotkey === hotkey), 'an overwritten timelocked commitment is listed');
};

export const COMMITMENT_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'lists one commitment for each registered hotkey': listsTexts,
  'reads the bytes of a commitment as UTF-8, row by row': readsBytes,
  'leaves out the commitments of hotkeys that have left': leavesOutTheGone,
  'keeps the block of a commitment of an earlier registration': keepsEarlierBlocks,
  'lists commitments without a text, and why': listsUnreadable,
  'lists a timelocked commitment as such until it is opened': opensTimelocked,
  'keeps the last ten revealed commitments, the oldest first': keepsTheLastTen,
  'shows a plain commitment that has overwritten a timelocked one': overwritesTimelocked,
};
