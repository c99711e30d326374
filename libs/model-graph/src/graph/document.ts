import { createHash } from 'node:crypto';
import {
  ElementType,
  type AttributeValue,
  type ElementTypeNumber,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfo,
} from './graph.js';

/** The version of the document's form. */
export const DOCUMENT_VERSION = 1;

/** Element types by the names that the document uses: those of safetensors. */
const TYPE_NAMES: Readonly<Record<ElementTypeNumber, string>> = {
  [ElementType.FLOAT]: 'F32',
  [ElementType.UINT8]: 'U8',
  [ElementType.INT8]: 'I8',
  [ElementType.INT16]: 'I16',
  [ElementType.INT32]: 'I32',
  [ElementType.INT64]: 'I64',
  [ElementType.BOOL]: 'BOOL',
  [ElementType.FLOAT16]: 'F16',
  [ElementType.DOUBLE]: 'F64',
  [ElementType.BFLOAT16]: 'BF16',
};

interface GraphDocument {
  inputs: { name: string; dtype: string; shape: readonly (number | string)[] }[];
  outputs: { name: string; dtype: string; shape: readonly (number | string)[] }[];
  nodes: NodeDocument[];
}

interface NodeDocument {
  op: string;
  domain?: string;
  /** Names of values; an empty one stands for an input that is left out. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, AttributeDocument>;
}

type AttributeDocument = number | string | readonly number[] | { graph: GraphDocument };

/** A weight's place in a file of the folder; a constant's bytes in base64, or its place in the file of the constants. */
type TensorDocument = { name: string; dtype: string; shape: readonly number[] } & (
  { file: string; offset: number; bytes: number } | { data: string } | { at: number }
);

/** Constants of more bytes lie in a file beside the document. */
const INLINE_BYTES = 256;
/** Bytes to whose multiples constants are aligned. */
const ALIGNMENT = 64;

/** What goes into the file of the constants: equal ones once, also of several documents. */
export class DocumentConstants {
  readonly #places = new Map<string, number>();
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** The place of a constant in the file. */
  add(raw: Uint8Array): number {
    const digest = createHash('sha256').update(raw).digest('hex');
    const known = this.#places.get(digest);
    if (known !== undefined) return known;
    const place = this.#length;
    const padding = new Uint8Array((ALIGNMENT - (raw.length % ALIGNMENT)) % ALIGNMENT);
    this.#parts.push(raw, padding);
    this.#length += raw.length + padding.length;
    this.#places.set(digest, place);
    return place;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** A model as data: all that an engine needs to compute it. */
export interface ModelDocument extends GraphDocument {
  version: typeof DOCUMENT_VERSION;
  /** The type in which is computed. */
  computeType: string;
  /** Folder of the files with the weights, absolute or as seen from the document. */
  folder: string;
  /** Name of the file of the constants, beside the document; absent where all are in the document. */
  constants?: string;
  tensors: TensorDocument[];
}

/** A graph that an engine in another language computes; its large constants are added to `constants`, where it is given. */
export function documentOf(
  graph: GraphProto,
  computeType: ElementTypeNumber,
  folder: string,
  constants?: { file: string; content: DocumentConstants },
): ModelDocument {
  return {
    version: DOCUMENT_VERSION,
    computeType: TYPE_NAMES[computeType],
    folder,
    ...(constants === undefined ? {} : { constants: constants.file }),
    tensors: graph.initializers.map((tensor) => tensorOf(tensor, constants?.content)),
    ...graphOf(graph),
  };
}

const graphOf = ({ inputs, outputs, nodes }: GraphProto): GraphDocument => ({
  inputs: inputs.map(valueOf),
  outputs: outputs.map(valueOf),
  nodes: nodes.map(nodeOf),
});

const valueOf = ({ name, type, dims }: ValueInfo): GraphDocument['inputs'][number] => ({
  name,
  dtype: TYPE_NAMES[type],
  shape: dims,
});

function tensorOf({ name, type, dims, data }: TensorProto, constants: DocumentConstants | undefined): TensorDocument {
  const own = { name, dtype: TYPE_NAMES[type], shape: dims };
  if ('raw' in data)
    return constants !== undefined && data.raw.length > INLINE_BYTES
      ? { ...own, at: constants.add(data.raw) }
      : { ...own, data: Buffer.from(data.raw).toString('base64') };
  return { ...own, file: data.file, offset: data.offset, bytes: data.length };
}

function nodeOf({ opType, domain, inputs, outputs, attributes }: NodeProto): NodeDocument {
  const entries = Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)] as const);
  return {
    op: opType,
    ...(domain === '' ? {} : { domain }),
    inputs,
    outputs,
    ...(entries.length === 0 ? {} : { attributes: Object.fromEntries(entries) }),
  };
}

function attributeOf(value: AttributeValue): AttributeDocument {
  if ('int' in value) return value.int;
  // Float attributes of ONNX are float32, also where the engine would compute with more.
  if ('float' in value) return Math.fround(value.float);
  if ('ints' in value) return value.ints;
  if ('string' in value) return value.string;
  return { graph: graphOf(value.graph) };
}
