import type { AssayError } from '@assay/core/errors/assay-error';

/** Why a node's pool has not taken an extrinsic. */
export type PoolReason =
  /** The same bytes are in the pool. */
  | 'imported'
  /** The nonce is used in the node's best block. */
  | 'stale'
  /** Another extrinsic in the pool has the nonce. */
  | 'priority'
  /** The signature does not fit: wrong genesis, runtime version, era or key. */
  | 'proof'
  /** The block at which the era begins is too old, or unknown to the node. */
  | 'ancient'
  /** It has been in the pool before and has left it: it is included, or was dropped. */
  | 'banned'
  | 'full'
  /** The runtime's own checks refuse it, by a number. */
  | 'custom'
  | 'payment'
  /** The runtime's filter refuses the call, as in safe mode. */
  | 'call'
  | 'exhausted'
  | 'other';

export interface PoolRefusal {
  reason: PoolReason;
  /** The number of a refusal by the runtime's own checks. */
  custom?: number;
  /** The node's own words. */
  said: string;
}

/** Codes of `author_submitExtrinsic` (substrate, client/rpc-api/src/author/error.rs). */
const OF_CODE: ReadonlyMap<number, PoolReason> = new Map([
  [1012, 'banned'],
  [1013, 'imported'],
  [1014, 'priority'],
  [1016, 'full'],
]);

/** How nodes spell a reason: in words, as a real node does, or as the runtime's value in JSON, as chopsticks does. */
const SPELLINGS: readonly (readonly [RegExp, PoolReason])[] = [
  [/already imported/i, 'imported'],
  [/temporarily banned/i, 'banned'],
  [/priority is too low|too low priority/i, 'priority'],
  [/immediately dropped|couldn't enter the pool/i, 'full'],
  [/outdated|"stale"/i, 'stale'],
  [/ancient birth block|"ancientBirthBlock"/i, 'ancient'],
  [/bad signature|bad proof|"badProof"/i, 'proof'],
  [/inability to pay|"payment"/i, 'payment'],
  [/call is not expected|"call"/i, 'call'],
  [/exhaust(s|ed)? .{0,40}resources|"exhaustsResources"/i, 'exhausted'],
];

const CUSTOM = /custom error: ?(\d{1,3})\b|"custom" ?: ?(\d{1,3})\b/i;
/** The code in front of a message, where the code of the answer is another one. */
const CODE_IN_FRONT = /^(10\d\d): /;
const FIRST_CODE = 1000;
const LAST_CODE = 1099;

/** Reads the refusal of a submission; undefined where the error says nothing of the pool, as that of a lost connection. */
export function poolRefusal({ code, payload }: AssayError): PoolRefusal | undefined {
  if (code !== 'CALL_REFUSED') return undefined;
  const said = typeof payload['reason'] === 'string' ? payload['reason'] : '';
  const number = Number(CODE_IN_FRONT.exec(said)?.[1] ?? payload['code']);
  const custom = CUSTOM.exec(said);
  if (custom) return { reason: 'custom', custom: Number(custom[1] ?? custom[2]), said };
  const reason = OF_CODE.get(number) ?? SPELLINGS.find(([pattern]) => pattern.test(said))?.[1];
  if (reason !== undefined) return { reason, said };
  const isOfPool = (number >= FIRST_CODE && number <= LAST_CODE) || /^invalid transaction|"invalid"/i.test(said);
  return isOfPool ? { reason: 'other', said } : undefined;
}
