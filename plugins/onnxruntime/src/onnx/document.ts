import {
  ElementType,
  type AttributeValue,
  type ElementTypeNumber,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfo,
} from './encode.js';

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

/** A tensor's place in a file of the folder, or its bytes in base64. */
type TensorDocument = { name: string; dtype: string; shape: readonly number[] } & (
  { file: string; offset: number; bytes: number } | { data: string }
);

/** A model as data: all that an engine needs to compute it. */
export interface ModelDocument extends GraphDocument {
  version: typeof DOCUMENT_VERSION;
  /** The type in which is computed. */
  computeType: string;
  /** Folder of the files with the weights. */
  folder: string;
  tensors: TensorDocument[];
}

/** A graph that an engine in another language computes. */
export function documentOf(graph: GraphProto, computeType: ElementTypeNumber, folder: string): ModelDocument {
  return {
    version: DOCUMENT_VERSION,
    computeType: TYPE_NAMES[computeType],
    folder,
    tensors: graph.initializers.map(tensorOf),
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

function tensorOf({ name, type, dims, data }: TensorProto): TensorDocument {
  const own = { name, dtype: TYPE_NAMES[type], shape: dims };
  if ('raw' in data) return { ...own, data: Buffer.from(data.raw).toString('base64') };
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
