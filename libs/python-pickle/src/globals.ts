import { isKey, PyGlobal, PyRecord, type PyKey, type PyValue } from './values.js';

/** What a file may name, by `module.name`. Everything else is refused. */
export type AllowedGlobals = ReadonlyMap<string, PyGlobal>;

/** A class whose objects are read as plain records. */
export const record = (name: string): PyGlobal => new PyGlobal(name, () => new PyRecord(name));

/** An enumeration of ints: its members are read as their values. */
export function enumeration(name: string, members: Readonly<Record<string, number>>): PyGlobal {
  const values = new Map(Object.entries(members).map(([key, value]) => [key, BigInt(value)]));
  const known = new Set(values.values());
  return new PyGlobal(name, ([value]) => (typeof value === 'bigint' && known.has(value) ? value : undefined), values);
}

const asSet = ([items]: readonly PyValue[]): Set<PyKey> | undefined => {
  if (items === undefined) return new Set();
  return Array.isArray(items) && items.every(isKey) ? new Set(items) : undefined;
};

/** `_codecs.encode(text, 'latin1')`: how protocols below 3 write bytes. */
const encode = ([text, encoding]: readonly PyValue[]): Uint8Array | undefined =>
  typeof text === 'string' && encoding === 'latin1' ? Buffer.from(text, 'latin1') : undefined;

/** `copyreg._reconstructor(class, object, None)`: how protocols below 2 make an object. */
const reconstruct = ([type, base, state]: readonly PyValue[]): PyValue | undefined =>
  type instanceof PyGlobal && base instanceof PyGlobal && base.name === 'builtins.object' && state === null
    ? type.call([])
    : undefined;

/** `getattr(enumeration, name)`: how some versions of Python write a member. Nothing else has attributes here. */
const member = ([type, name]: readonly PyValue[]): PyValue | undefined =>
  type instanceof PyGlobal && typeof name === 'string' ? type.members.get(name) : undefined;

const emptyDict = (args: readonly PyValue[]): Map<PyKey, PyValue> | undefined =>
  args.length === 0 ? new Map<PyKey, PyValue>() : undefined;

/** A default factory is a class of which nothing is made. */
const defaultDict = (args: readonly PyValue[]): Map<PyKey, PyValue> | undefined =>
  args.length <= 1 ? new Map<PyKey, PyValue>() : undefined;

const both = (name: string, call: PyGlobal['call']): [string, PyGlobal][] =>
  ['builtins', '__builtin__'].map((module) => [`${module}.${name}`, new PyGlobal(`builtins.${name}`, call)]);

const none = (): undefined => undefined;
const listed = (...all: PyGlobal[]): [string, PyGlobal][] => all.map((one) => [one.name, one]);

/** Of the standard library: what data without classes of its own is written with. */
export const STANDARD_GLOBALS: AllowedGlobals = new Map([
  ...both('set', asSet),
  ...both('frozenset', asSet),
  ...both('dict', emptyDict),
  ...both('list', (args) => (args.length === 0 ? [] : undefined)),
  ...both('object', none),
  ...both('int', none),
  ...both('float', none),
  ...both('getattr', member),
  ...listed(
    new PyGlobal('collections.defaultdict', defaultDict),
    new PyGlobal('collections.OrderedDict', emptyDict),
    new PyGlobal('copyreg._reconstructor', reconstruct),
    new PyGlobal('copy_reg._reconstructor', reconstruct),
    new PyGlobal('_codecs.encode', encode),
  ),
]);
