import { z } from 'zod';
import type { Attachment, Json, RecordType, RoundJournal, SharedPart } from '../contracts/round-journal.js';
import { canonicalJson } from './canonical-json.js';
import { journalErrors } from './errors.js';
import { digestOf, partDigest, typeOfEntry } from './hash.js';
import { valueWithoutPaths } from './machine-paths.js';
import { finish, type Steps } from '../judging/steps.js';
import { decodeNumbers, encodeNumbers } from './number-bytes.js';
import { wellFormed } from './well-formed.js';

/** Where the contents are that an entry names: a journal, or an exported record. */
export type Contents = Pick<RoundJournal, 'attachment' | 'part'>;

/** Names of members from the top; `*` stands for each of a list, or each member of an object. */
type Path = readonly string[];

interface StoredMembers {
  /** Lists of numbers, each an attachment. */
  numbers: readonly Path[];
  /** Other values that are an attachment, as canonical JSON. */
  values: readonly Path[];
  /** Values that are equal in many records, each a shared part. */
  parts: readonly Path[];
  /** Members of an object that are one shared part together, under the name `as`. */
  groups: readonly { path: Path; members: readonly string[]; as: string }[];
  /** Texts that may hold a path of this machine. */
  texts: readonly Path[];
}

/** How the members of an entry are stored; what is not listed stands in the record itself. */
const STORED: Readonly<Record<RecordType, StoredMembers>> = {
  round: {
    numbers: [
      ['contenders', '*', 'outcome', 'tasks', '*', 'losses'],
      ['samples', '*', 'clusters'],
    ],
    values: [['samples', '*', 'pages']],
    parts: [
      ['competition'],
      ['rules'],
      ['schedule'],
      ['seats'],
      ['numerics'],
      ['tokenizer'],
      // What a round leaves is what the next one begins with.
      ['standingBefore', 'state', '*'],
      ['entrantsBefore', 'state', '*'],
      ['verdict', 'standing', 'state', '*'],
      ['verdict', 'entrants', 'state', '*'],
    ],
    groups: [
      {
        path: ['contenders', '*'],
        members: ['commitment', 'architecture', 'parameterCount', 'evaluationDigest', 'notes'],
        as: 'model',
      },
    ],
    texts: [
      ['contenders', '*', 'outcome', 'error'],
      ['samples', '*', 'source'],
      ['samples', '*', 'pages'],
      ['numerics'],
      ['verdict', 'void'],
    ],
  },
  claim: { numbers: [], values: [], parts: [['intake', 'incumbents']], groups: [], texts: [['outcome', 'error']] },
  submission: {
    numbers: [],
    values: [],
    parts: [['schedule'], ['merge'], ['seats'], ['standings', '*', 'by'], ['standings', '*', 'state', '*']],
    groups: [],
    texts: [['outcome', 'error']],
  },
  history: {
    numbers: [],
    values: [],
    parts: [['standing', 'state', '*'], ['entrants', 'state', '*'], ['marks']],
    groups: [],
    texts: [],
  },
};

/** A content that is not there any more: its digest, and the member that it belongs to. */
export interface MissingContent {
  digest: string;
  member: string;
}

const json = z.custom<Json>();
const object = z.record(z.string(), z.unknown());
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What of an entry is recorded, and the contents that it names. */
export interface SplitEntry {
  entry: unknown;
  attachments: Attachment[];
  parts: SharedPart[];
}

/** See `splitEntryInSteps`. */
export const splitEntry = (type: RecordType, entry: object): SplitEntry => finish(splitEntryInSteps(type, entry));

/**
 * Splits an entry, step by step. An empty list stays in the record.
 * @throws JOURNAL_VALUE_INVALID for a number that is not finite
 */
export function* splitEntryInSteps(type: RecordType, entry: object): Steps<SplitEntry> {
  const attachments = new Map<string, Attachment>();
  const parts = new Map<string, SharedPart>();
  const attach = (content: Buffer): string => {
    const name = digestOf(content);
    attachments.set(name, { digest: name, content });
    return name;
  };
  const share = (given: unknown): string => {
    const value = wellFormed(json.parse(given));
    const name = partDigest(value);
    parts.set(name, { digest: name, value });
    return name;
  };
  const numbers = (given: unknown): unknown => (isEmptyList(given) ? given : attach(encodeNumbers(given)));
  const value = (given: unknown): string => attach(Buffer.from(canonicalJson(wellFormed(json.parse(given)))));
  const stored = STORED[type];
  let split: unknown = { ...entry, type };
  for (const path of stored.texts) split = yield* replacedInSteps(split, path, valueWithoutPaths);
  for (const path of stored.numbers) split = yield* replacedInSteps(split, path, numbers);
  for (const path of stored.values) split = yield* replacedInSteps(split, path, value);
  for (const path of stored.parts) split = yield* replacedInSteps(split, path, share);
  for (const { path, members, as } of stored.groups)
    split = yield* replacedInSteps(split, path, (given) => grouped(object.parse(given), members, as, share));
  return { entry: split, attachments: [...attachments.values()], parts: [...parts.values()] };
}

const isEmptyList = (given: unknown): boolean => Array.isArray(given) && given.length === 0;

function grouped(
  given: Record<string, unknown>,
  members: readonly string[],
  as: string,
  share: (value: unknown) => string,
): unknown {
  const own = Object.entries(given).filter(([name]) => !members.includes(name));
  const shared = Object.entries(given).filter(([name]) => members.includes(name));
  return { ...Object.fromEntries(own), [as]: share(Object.fromEntries(shared)) };
}

/**
 * The whole entry again. A content that is not there leaves an empty list, and is named. Entries of format 1 name
 * nothing and come back as they are.
 *
 * @param attachments `left-out` reads none of them, for readers who need no losses
 * @throws JOURNAL_ATTACHMENT_DAMAGED, JOURNAL_PART_MISSING
 */
export function joinEntry(
  entry: Json,
  contents: Contents,
  attachments: 'read' | 'left-out' = 'read',
): { entry: Json; missing: MissingContent[] } {
  const missing: MissingContent[] = [];
  if (!isSplit(entry)) return { entry, missing };
  const stored = STORED[typeOfEntry(entry)];
  const attached = (given: unknown, at: readonly string[], decode: (content: Uint8Array) => unknown): unknown => {
    const name = digest.safeParse(given).data;
    if (name === undefined) return given;
    const content = attachments === 'read' ? contents.attachment(name) : undefined;
    if (content === undefined) missing.push({ digest: name, member: at.join('.') });
    return content === undefined ? [] : decoded(name, content, decode);
  };
  let whole: unknown = entry;
  for (const { path, members, as } of stored.groups)
    whole = replaced(whole, path, (given) => ungrouped(object.parse(given), members, as, contents));
  for (const path of stored.parts) whole = replaced(whole, path, (given) => partOf(given, contents));
  for (const path of stored.numbers) whole = replaced(whole, path, (given, at) => attached(given, at, decodeNumbers));
  for (const path of stored.values) whole = replaced(whole, path, (given, at) => attached(given, at, parsedJson));
  return { entry: json.parse(whole), missing };
}

/** Digests of everything that an entry names. @throws JOURNAL_PART_MISSING as `joinEntry` does */
export function namedBy(entry: Json): { attachments: string[]; parts: string[] } {
  const named = { attachments: new Set<string>(), parts: new Set<string>() };
  if (!isSplit(entry)) return { attachments: [], parts: [] };
  const stored = STORED[typeOfEntry(entry)];
  const note = (into: Set<string>) => (given: unknown) => {
    const name = digest.safeParse(given).data;
    if (name !== undefined) into.add(name);
    return given;
  };
  for (const path of [...stored.numbers, ...stored.values]) replaced(entry, path, note(named.attachments));
  for (const path of stored.parts) replaced(entry, path, note(named.parts));
  for (const { path, as } of stored.groups) replaced(entry, [...path, as], note(named.parts));
  return { attachments: [...named.attachments], parts: [...named.parts] };
}

/** Entries of version 0.1 have no type, and hold everything themselves. */
export const isSplit = (entry: Json): boolean => z.looseObject({ type: z.string() }).safeParse(entry).success;

function partOf(given: unknown, contents: Contents): unknown {
  const name = digest.safeParse(given).data;
  if (name === undefined) return given;
  const value = contents.part(name);
  if (value === undefined) throw journalErrors.JOURNAL_PART_MISSING({ digest: name });
  return value;
}

function ungrouped(
  given: Record<string, unknown>,
  members: readonly string[],
  as: string,
  contents: Contents,
): unknown {
  const { [as]: name, ...own } = given;
  const shared = object.safeParse(partOf(name, contents)).data ?? {};
  return { ...own, ...Object.fromEntries(Object.entries(shared).filter(([member]) => members.includes(member))) };
}

function decoded(name: string, content: Uint8Array, decode: (content: Uint8Array) => unknown): unknown {
  const value = decode(content);
  if (value === undefined) throw journalErrors.JOURNAL_ATTACHMENT_DAMAGED({ digest: name });
  return value;
}

function parsedJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString());
  } catch {
    return undefined;
  }
}

type Replace = (value: unknown, at: readonly string[]) => unknown;

/** A copy with what stands at the path replaced; members that are not there stay away. */
const replaced = (value: unknown, path: Path, replace: Replace): unknown =>
  finish(replacedInSteps(value, path, replace));

/** The same with a step after each that was replaced. */
function* replacedInSteps(value: unknown, path: Path, replace: Replace, at: readonly string[] = []): Steps<unknown> {
  const [name, ...rest] = path;
  if (name === undefined) {
    const result = replace(value, at);
    yield;
    return result;
  }
  if (typeof value !== 'object' || value === null) return value;
  const found = Object.entries(value).filter(([key, member]) => (name === '*' || key === name) && member !== undefined);
  const changed: [string, unknown][] = [];
  for (const [key, member] of found) changed.push([key, yield* replacedInSteps(member, rest, replace, [...at, key])]);
  if (Array.isArray(value)) return changed.map(([, member]) => member);
  return { ...value, ...Object.fromEntries(changed) };
}
