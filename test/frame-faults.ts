/** One WebSocket message. */
export interface Frame {
  data: Buffer;
  binary: boolean;
}

/** A number in [0, 1), as `Math.random`, but the same for the same seed. */
export type Random = () => number;

export function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error('There is nothing to pick from');
  return choice;
}

/** Turns one frame into those that are sent in its place. */
type FrameFault = (frame: Frame, random: Random) => Frame[];

const HUGE_BYTES = 40 * 1024 * 1024;
const text = (data: string): Frame => ({ data: Buffer.from(data), binary: false });

/** The id of every object of a frame, single or in a batch, replaced; other frames stay as they are. */
function withIds(frame: Frame, id: (old: unknown) => unknown): Frame {
  try {
    const value: unknown = JSON.parse(frame.data.toString());
    const change = (one: unknown): unknown =>
      typeof one === 'object' && one !== null && 'id' in one ? { ...one, id: id(one.id) } : one;
    return text(JSON.stringify(Array.isArray(value) ? value.map(change) : change(value)));
  } catch {
    return frame;
  }
}

function flipped({ data, binary }: Frame, random: Random): Frame {
  const copy = Buffer.from(data);
  for (let flips = 0; flips < 3 && copy.length > 0; flips += 1) {
    const at = Math.floor(random() * copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  }
  return { data: copy, binary };
}

const OTHER_JSON = ['null', 'true', '7', '"text"', '[]', '[[]]', '[null]', '{}', '{"jsonrpc":"2.0"}', '1e999'];
const FALSE_ANSWERS = [
  { jsonrpc: '2.0', id: 4_000_000_000, result: '0x00' },
  { jsonrpc: '2.0', id: -1, error: { code: -32000, message: 'An answer to nothing' } },
  { jsonrpc: '2.0', id: null, result: null },
  { jsonrpc: '2.0', id: 'text', result: { deep: [[[[]]]] } },
];

/** Everything that can happen to a frame. */
export const FRAME_FAULTS = {
  lose: () => [],
  duplicate: (frame) => [frame, frame],
  flip: (frame, random) => [flipped(frame, random)],
  truncate: ({ data, binary }, random) => [{ data: data.subarray(0, Math.floor(random() * data.length)), binary }],
  empty: () => [text('')],
  binary: ({ data }) => [{ data, binary: true }],
  'other-json': (_frame, random) => [text(pick(random, OTHER_JSON))],
  'wrong-id': (frame) => [withIds(frame, (id) => (typeof id === 'number' ? id + 1_000_000 : 1_000_000))],
  'text-id': (frame) => [withIds(frame, (id) => String(id))],
  unasked: (frame, random) => [text(JSON.stringify(pick(random, FALSE_ANSWERS))), frame],
  'unknown-subscription': (frame) => [
    text('{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"never-made","result":{"number":"0x1"}}}'),
    frame,
  ],
  'wrong-result': (frame, random) => {
    const value = parsed(frame);
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
    return [text(JSON.stringify({ jsonrpc: '2.0', id, result: pick(random, [null, 7, '0x', '0xzz', [], {}]) }))];
  },
  huge: (frame) => [{ data: Buffer.concat([frame.data, Buffer.alloc(HUGE_BYTES, ' ')]), binary: false }],
} as const satisfies Record<string, FrameFault>;

function parsed({ data }: Frame): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}

export type FrameFaultName = keyof typeof FRAME_FAULTS;

export const FRAME_FAULT_NAMES = Object.keys(FRAME_FAULTS).filter(
  (name): name is FrameFaultName => name in FRAME_FAULTS,
);

export function spoil(name: FrameFaultName, frame: Frame, random: Random): Frame[] {
  const fault: FrameFault = FRAME_FAULTS[name];
  return fault(frame, random);
}
