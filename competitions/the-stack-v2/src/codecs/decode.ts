/** Text of all the bytes; undefined where they are not of this encoding. */
export type Decode = (bytes: Buffer) => string | undefined;
