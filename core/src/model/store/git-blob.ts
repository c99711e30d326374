/** Git's id of a blob is sha1 over this and the content. */
export const blobHeader = (size: number): string => `blob ${size}\0`;
