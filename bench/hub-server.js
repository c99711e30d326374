// The hubs that download.bench.js reads from, in a process of their own, so that their CPU seconds are not counted.
import { HostileHub } from '../test/dist/hostile-hub.js';

const REVISION = '0123456789abcdef0123456789abcdef01234567';
const MB = 1 << 20;

/** Bytes that no file system and no link can make smaller. */
function noise(bytes, seed) {
  const content = Buffer.allocUnsafe(bytes);
  const words = new Uint32Array(content.buffer, content.byteOffset, bytes >> 2);
  let state = seed;
  for (let at = 0; at < words.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state;
  }
  return content;
}

const [largeMb, smallFiles, lineMbPerSecond, slowMbPerSecond, latencyMs] = process.argv.slice(2).map(Number);
const large = { 'model.safetensors': noise(largeMb * MB, 1) };
const small = Object.fromEntries(
  Array.from({ length: smallFiles }, (_none, at) => [`shard-${at}.safetensors`, noise(20_000, at + 2)]),
);
const repos = (files) => ({ 'bench/model': { revision: REVISION, files } });
const hubs = {
  fast: await HostileHub.start(repos(large), { latencyMs, link: { bytesPerSecond: lineMbPerSecond * MB, freeAt: 0 } }),
  slow: await HostileHub.start(repos(large), { latencyMs, bytesPerSecond: slowMbPerSecond * MB }),
  many: await HostileHub.start(repos(small), { latencyMs }),
};
// A hub hashes files when it lists them for the first time; that is no part of a download.
for (const { url } of Object.values(hubs)) await fetch(`${url}/api/models/bench/model/tree/${REVISION}`);
process.send({
  revision: REVISION,
  urls: Object.fromEntries(Object.entries(hubs).map(([name, hub]) => [name, hub.url])),
});
process.once('disconnect', () => process.exit());
