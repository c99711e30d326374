import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Files of these names are large files whatever their size, as the attributes say that the hub gives to a new repo. */
const LARGE_NAMES =
  /\.(7z|arrow|bin|bz2|ckpt|ftz|gz|h5|joblib|mlmodel|model|msgpack|npy|npz|onnx|ot|parquet|pb|pickle|pkl|pt|pth|rar|safetensors|tar|tflite|tgz|wasm|xz|zip|zst)$/;
const LARGE_BYTES = 10_000_000;

/** Attributes of a new repo. */
export const GIT_ATTRIBUTES = ['bin', 'h5', 'model', 'onnx', 'pt', 'pth', 'safetensors']
  .map((ending) => `*.${ending} filter=lfs diff=lfs merge=lfs -text\n`)
  .join('');

/**
 * Whether the hub keeps a file beside the repo, with a pointer in its place.
 * @param {string} path
 * @param {number} size
 */
export const isLarge = (path, size) => size > LARGE_BYTES || LARGE_NAMES.test(path);

/**
 * The small file that stands in the repo for a large one.
 * @param {string} sha256
 * @param {number} size
 */
export const pointerOf = (sha256, size) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;

/** @param {Buffer | string} content */
export const gitBlobId = (content) =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(content)}\0`)
    .update(content)
    .digest('hex');

/** @typedef {{ size: number, sha256: string, oid: string }} Digests */

/** Digests of files, computed when they are first asked for. */
export class ContentDigests {
  /** @type {Map<string, { changed: number, digests: Digests }>} */
  #known = new Map();

  /**
   * @param {string} file
   * @returns {Promise<Digests>} `oid` is the id of git for the content itself
   */
  async of(file) {
    const { size, mtimeMs, ino } = await stat(file);
    const known = this.#known.get(file);
    if (known?.changed === mtimeMs + ino) return known.digests;
    const [whole, blob] = [createHash('sha256'), createHash('sha1').update(`blob ${size}\0`)];
    for await (const chunk of createReadStream(file)) {
      whole.update(chunk);
      blob.update(chunk);
    }
    const digests = { size, sha256: whole.digest('hex'), oid: blob.digest('hex') };
    this.#known.set(file, { changed: mtimeMs + ino, digests });
    return digests;
  }
}
