const POOL_SIZE = 4;
const WORD = 0xffff_ffffn;
const MIX_LEFT = 0xca01_f9dd;
const MIX_RIGHT = 0x4973_f715;

/**
 * `numpy.random.SeedSequence(seed).generate_state(count, uint32)`: the hash by M. E. O'Neill (randutils, 2015) with a pool
 * of four words.
 *
 * @param seed 0 or more, of any size
 * @throws RangeError for a negative seed, as numpy refuses it
 */
export function seedWords(seed: bigint, count: number): Uint32Array {
  if (seed < 0n) throw new RangeError('a seed of numpy is 0 or more');
  const entropy = wordsOf(seed);
  const pool = new Uint32Array(POOL_SIZE);
  const hash = hasher(0x43b0_d7e5, 0x931e_8875);
  for (let slot = 0; slot < POOL_SIZE; slot += 1) pool[slot] = hash(entropy[slot] ?? 0);
  for (let from = 0; from < POOL_SIZE; from += 1)
    for (let to = 0; to < POOL_SIZE; to += 1) if (from !== to) pool[to] = mix(at(pool, to), hash(at(pool, from)));
  for (const word of entropy.slice(POOL_SIZE))
    for (let to = 0; to < POOL_SIZE; to += 1) pool[to] = mix(at(pool, to), hash(word));
  const expand = hasher(0x8b51_f9dd, 0x58f3_8ded);
  return Uint32Array.from({ length: count }, (_none, index) => expand(at(pool, index % POOL_SIZE)));
}

/** A hash of 32 bits whose constant changes with every call. */
function hasher(first: number, multiplier: number): (word: number) => number {
  let constant = first;
  return (word) => {
    const xored = word ^ constant;
    constant = Math.imul(constant, multiplier);
    const multiplied = Math.imul(xored, constant);
    return (multiplied ^ (multiplied >>> 16)) >>> 0;
  };
}

function mix(left: number, right: number): number {
  const mixed = Math.imul(MIX_LEFT, left) - Math.imul(MIX_RIGHT, right);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** 32-bit words, least significant first; one zero word for zero. */
function wordsOf(value: bigint): number[] {
  const words: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 32n) words.push(Number(rest & WORD));
  return words.length > 0 ? words : [0];
}

const at = (words: Uint32Array, index: number): number => words[index] ?? 0;
