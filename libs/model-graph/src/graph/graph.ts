/** Element types of ONNX tensors, by the numbers of onnx.proto. */
export const ElementType = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  BFLOAT16: 16,
} as const;
export type ElementTypeNumber = (typeof ElementType)[keyof typeof ElementType];

export type AttributeValue =
  | { int: number }
  | { float: number }
  | { ints: readonly number[] }
  | { string: string }
  /** The body of a loop. */
  | { graph: GraphProto };

export interface NodeProto {
  opType: string;
  domain: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
}

export interface TensorProto {
  name: string;
  type: ElementTypeNumber;
  dims: readonly number[];
  /** Little-endian values, or where they lie in a file beside the model. */
  data: { raw: Uint8Array } | { file: string; offset: number; length: number };
}

export interface ValueInfo {
  name: string;
  type: ElementTypeNumber;
  /** A name stands for a size that is known when the model runs. */
  dims: readonly (number | string)[];
}

export interface GraphProto {
  nodes: readonly NodeProto[];
  initializers: readonly TensorProto[];
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  /** Of values in between, what the runtime can't infer. */
  known?: readonly ValueInfo[];
}
