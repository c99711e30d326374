import { z } from 'zod';

/** Bytes as a node writes them: 0x and two hex digits each. */
export const hexText = z
  .string()
  .refine((text) => text.startsWith('0x') && text.length % 2 === 0 && !/[^0-9a-fA-F]/.test(text.slice(2)), {
    error: 'it is no hex',
  });

export const bytesOf = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
