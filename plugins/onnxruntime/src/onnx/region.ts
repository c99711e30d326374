import { elementsOf } from '@assay/core/contracts/model';
import type { StoredTensor } from '../files/weights.js';

/** Where a tensor lies in a region: a part of a file that holds several tensors of one type, as a tensor of one dimension. */
export interface Place {
  region: StoredTensor;
  /** Element of the region at which the tensor begins. */
  start: number;
}

/**
 * Places of tensors in as few regions as possible. A region reaches from the first to the last of the tensors of one file and
 * type, whatever lies between them: files are mapped, and only what is used is read. Tensors whose distance is not a whole
 * number of elements are in different regions.
 */
export function placesOf(tensors: ReadonlyMap<string, StoredTensor>): Map<string, Place> {
  const alike = new Map<string, [string, StoredTensor][]>();
  for (const [name, tensor] of tensors) {
    const key = `${tensor.file}:${tensor.dtype}:${tensor.offset % bytesOfElement(tensor)}`;
    const others = alike.get(key) ?? [];
    others.push([name, tensor]);
    alike.set(key, others);
  }
  return new Map(
    [...alike.values()].flatMap((members) => {
      const region = regionOf(members.map(([, tensor]) => tensor));
      return members.map(([name, tensor]): [string, Place] => [
        name,
        { region, start: (tensor.offset - region.offset) / bytesOfElement(tensor) },
      ]);
    }),
  );
}

function regionOf(tensors: readonly StoredTensor[]): StoredTensor {
  const [first] = tensors;
  if (!first) throw new RangeError('a region needs a tensor');
  const offset = Math.min(...tensors.map((tensor) => tensor.offset));
  const length = Math.max(...tensors.map((tensor) => tensor.offset + tensor.length)) - offset;
  return { ...first, offset, length, shape: [length / bytesOfElement(first)] };
}

const bytesOfElement = ({ shape, length }: StoredTensor): number => length / elementsOf(shape);
