import { elementsOf } from '@assay/core/contracts/model';
import type { StoredTensor } from '../files/weights.js';

/** Where a tensor lies in a region: a part of a file that holds several tensors of one type, as a tensor of one dimension. */
export interface Place {
  region: StoredTensor;
  /** Element of the region at which the tensor begins. */
  start: number;
}

/** Bytes of other tensors that a region may hold in any case: more than the norms and attention of a small model. */
const FOREIGN_BYTES = 16 * 1024 * 1024;

/**
 * Places of tensors in as few regions as possible. The tensors of one file and type share a region, unless too much lies
 * between them: the system refuses to map more than its memory, and other devices than the CPU copy a region as a whole.
 * Tensors whose distance is not a whole number of elements are in different regions.
 */
export function placesOf(tensors: ReadonlyMap<string, StoredTensor>): Map<string, Place> {
  const alike = new Map<string, Named[]>();
  for (const [name, tensor] of tensors) {
    const key = `${tensor.file}:${tensor.dtype}:${tensor.offset % bytesOfElement(tensor)}`;
    const others = alike.get(key) ?? [];
    others.push([name, tensor]);
    alike.set(key, others);
  }
  return new Map(
    [...alike.values()].flatMap(neighbours).flatMap((members) => {
      const region = regionOf(members.map(([, tensor]) => tensor));
      return members.map(([name, tensor]): [string, Place] => [
        name,
        { region, start: (tensor.offset - region.offset) / bytesOfElement(tensor) },
      ]);
    }),
  );
}

type Named = [name: string, tensor: StoredTensor];

/** Cuts at the largest gaps, until what is left of gaps is no more than the tensors themselves and `FOREIGN_BYTES`. */
function neighbours(members: readonly Named[]): Named[][] {
  const sorted = [...members].sort(([, a], [, b]) => a.offset - b.offset);
  const gaps = sorted.map(([, { offset }], index) => {
    const before = sorted[index - 1]?.[1];
    return { index, bytes: before ? offset - before.offset - before.length : 0 };
  });
  const allowed = FOREIGN_BYTES + sorted.reduce((sum, [, { length }]) => sum + length, 0);
  let foreign = gaps.reduce((sum, { bytes }) => sum + bytes, 0);
  const cuts = [0];
  for (const { index, bytes } of gaps.sort((a, b) => b.bytes - a.bytes)) {
    if (foreign <= allowed) break;
    foreign -= bytes;
    cuts.push(index);
  }
  cuts.sort((a, b) => a - b);
  return cuts.map((from, cut) => sorted.slice(from, cuts[cut + 1]));
}

function regionOf(tensors: readonly StoredTensor[]): StoredTensor {
  const [first] = tensors;
  if (!first) throw new RangeError('a region needs a tensor');
  const offset = Math.min(...tensors.map((tensor) => tensor.offset));
  const length = Math.max(...tensors.map((tensor) => tensor.offset + tensor.length)) - offset;
  return { ...first, offset, length, shape: [length / bytesOfElement(first)] };
}

const bytesOfElement = ({ shape, length }: StoredTensor): number => length / elementsOf(shape);
