import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTensors, writeTensors } from '../../competitions/demo/dist/safetensors-edit.js';
import { newFolder, ROOT } from '../e2e/world.js';

/** Of bfloat16, little-endian. */
const LARGEST = 0x7f7f;

/** A demo model of finite weights, the last norm's so large that nothing behind it is finite. */
export function overflowing(): string {
  const folder = join(newFolder(), 'model');
  cpSync(join(ROOT, 'competitions', 'demo', 'assets', 'models', 'llama-900steps'), folder, { recursive: true });
  const weights = join(folder, 'model.safetensors');
  const tensors = readTensors(readFileSync(weights));
  const norm = tensors.get('model.norm.weight')?.data ?? Buffer.alloc(0);
  for (let offset = 0; offset < norm.length; offset += 2) norm.writeUInt16LE(LARGEST, offset);
  writeFileSync(weights, writeTensors(tensors));
  return folder;
}
