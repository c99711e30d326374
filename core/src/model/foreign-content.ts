const LFS_POINTER = /^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\//;
const WEB_PAGE = /^\s*(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|script|div|p|h1)\b/i;
const XML = /^\s*<(?:\?xml|[A-Za-z!])/;
/** Bytes at the start of the format, and what it is. */
const MAGIC: readonly [bytes: readonly number[], what: string][] = [
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive, as torch.save writes for a PyTorch checkpoint'],
  [[0x50, 0x4b, 0x05, 0x06], 'an empty zip archive'],
  [[0x80, 0x02], 'a pickle, as torch.save once wrote for a PyTorch checkpoint'],
  [[0x80, 0x03], 'a pickle'],
  [[0x80, 0x04], 'a pickle'],
  [[0x80, 0x05], 'a pickle'],
  [[0x47, 0x47, 0x55, 0x46], 'a GGUF file'],
  [[0x1f, 0x8b], 'compressed by gzip'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed by zstd'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed by xz'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive'],
  [[0x89, 0x48, 0x44, 0x46], 'an HDF5 file'],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 'a NumPy file'],
];

/** How many of a file's first bytes `foreignContent` looks at. */
export const FOREIGN_START_BYTES = 1024;

/**
 * Says what a file is that cannot be read as what its name promises: the usual leftovers of failed downloads and uploads,
 * and other formats of weights. Ask only after reading failed: a valid file may begin with the same bytes.
 * @param start the first FOREIGN_START_BYTES of the file, or all of a shorter one
 * @returns the rest of a sentence that begins with "it is", or undefined where nothing is recognised
 */
export function foreignContent(start: Uint8Array): string | undefined {
  if (start.length === 0) return 'empty';
  const magic = MAGIC.find(([bytes]) => bytes.every((byte, index) => start[index] === byte));
  if (magic) return magic[1];
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, FOREIGN_START_BYTES)).toString(
    'utf8',
  );
  const marked = text.replace(/^\ufeff/, '');
  if (LFS_POINTER.test(marked))
    return 'the pointer of git-lfs, not the file: run git lfs pull and upload the file itself';
  if (WEB_PAGE.test(marked)) return 'a web page (HTML), not the file: a download gave a sign-in or an error page';
  return XML.test(marked) ? 'an XML document, not the file: a download may have given an error' : undefined;
}
