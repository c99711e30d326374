/** Hex digits, with or without `0x`, of exactly so many bytes. They are decoded without making a string of them. */
export function bytesOf(hex: Buffer, length: number): Buffer | undefined {
  const digits = hex[0] === 0x30 && hex[1] === 0x78 ? hex.subarray(2) : hex;
  if (digits.length !== 2 * length) return undefined;
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    const [high, low] = [digitOf(digits[2 * at]), digitOf(digits[2 * at + 1])];
    if (high === undefined || low === undefined) {
      bytes.fill(0);
      return undefined;
    }
    bytes[at] = high * 16 + low;
  }
  return bytes;
}

function digitOf(character = 0): number | undefined {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
