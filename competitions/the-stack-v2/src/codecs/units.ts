import iconv from 'iconv-lite';

/** What stands for bytes that no character has. */
const REPLACEMENT = '\uFFFD';
/** The one character of gb18030 that is it. */
const REPLACEMENT_IN_GB18030 = '8431a437';
const LEAD_OF_THREE = 0x8f;

/**
 * Every run of bytes that a codec could decode by itself.
 * @param isAlone whether a byte is a character by itself; any other one leads longer units
 */
export function* unitsOf(codec: string, isAlone: (byte: number) => boolean): Generator<Buffer> {
  const all = Array.from({ length: 256 }, (_none, byte) => byte);
  for (const byte of all) yield Buffer.from([byte]);
  for (const lead of all.filter((byte) => !isAlone(byte))) for (const trail of all) yield Buffer.from([lead, trail]);
  if (codec === 'euc_jp')
    for (const second of all) for (const third of all) yield Buffer.from([LEAD_OF_THREE, second, third]);
  if (codec !== 'gb18030') return;
  for (let first = 0x81; first < 0xff; first += 1) {
    for (let second = 0x30; second < 0x3a; second += 1) {
      for (let third = 0x81; third < 0xff; third += 1) {
        for (let fourth = 0x30; fourth < 0x3a; fourth += 1) yield Buffer.from([first, second, third, fourth]);
      }
    }
  }
}

/** Bytes of the unit that begins with these two. */
export function unitLength(codec: string, lead: number, next: number | undefined): number {
  if (codec === 'euc_jp' && lead === LEAD_OF_THREE) return 3;
  return codec === 'gb18030' && next !== undefined && next >= 0x30 && next <= 0x39 ? 4 : 2;
}

/** A unit as iconv-lite reads it; undefined where it has no such unit, or codec. */
export function unitText(codec: string, unit: Buffer): string | undefined {
  if (!iconv.encodingExists(codec)) return undefined;
  const text = iconv.decode(unit, codec);
  const isReplaced = text.includes(REPLACEMENT) && unit.toString('hex') !== REPLACEMENT_IN_GB18030;
  return isReplaced || text === '' ? undefined : text;
}
