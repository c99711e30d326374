import type { StoredTensor } from '../files/weights.js';
import {
  ElementType,
  type AttributeValue,
  type ElementTypeNumber,
  type GraphProto,
  type TensorProto,
  type ValueInfo,
} from './graph.js';
import { placesOf, type Place } from './region.js';
import { Scope } from './scope.js';
import { CPU_FLOAT32, WHOLE_BLOCKS, type Target } from './target.js';

/** Storage types that a weight may have: the library converts each of them to the type in which it computes. */
export const WEIGHT_TYPES: Readonly<Record<string, ElementTypeNumber>> = {
  F64: ElementType.DOUBLE,
  F32: ElementType.FLOAT,
  F16: ElementType.FLOAT16,
  BF16: ElementType.BFLOAT16,
  I64: ElementType.INT64,
  I32: ElementType.INT32,
  I16: ElementType.INT16,
  I8: ElementType.INT8,
  U8: ElementType.UINT8,
};

/** Those of them that hold fractions. */
export const FLOAT_TYPES: ReadonlySet<string> = new Set(['F64', 'F32', 'F16', 'BF16']);

export interface NodeOptions {
  attributes?: Readonly<Record<string, AttributeValue>>;
  /** com.microsoft for ONNX Runtime's own operators. */
  domain?: string;
  /** How many outputs the node has; the first one's name is returned. */
  outputs?: number;
}

/**
 * Collects an ONNX graph. Values are named by strings; weights are initializers whose data stays in the safetensors
 * files, each declared once however often it is used.
 */
export class GraphBuilder {
  #scope = new Scope();
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #tables = new Map<Float32Array, string>();
  readonly #integerConstants = new Map<string, string>();
  #names = 0;

  constructor(
    private readonly weights: ReadonlyMap<string, StoredTensor>,
    readonly target: Target = CPU_FLOAT32,
  ) {}

  input(info: ValueInfo): string {
    this.#inputs.push(info);
    return info.name;
  }

  output(info: ValueInfo, value: string): void {
    this.#scope.nodes.push({
      opType: 'Identity',
      domain: '',
      name: `output_${info.name}`,
      inputs: [value],
      outputs: [info.name],
      attributes: {},
    });
    this.#outputs.push(info);
  }

  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    this.#names += 1;
    const name = `${opType}_${this.#names}`;
    const outputs = Array.from({ length: options.outputs ?? 1 }, (_none, index) =>
      index === 0 ? name : `${name}_${index}`,
    );
    this.#scope.nodes.push({
      opType,
      domain: options.domain ?? '',
      name,
      inputs,
      outputs,
      attributes: options.attributes ?? {},
    });
    return name;
  }

  /** Tells what a value looks like where the runtime can't infer it. */
  known(value: string, type: ElementTypeNumber, dims: readonly number[]): string {
    this.#scope.known.push({ name: value, type, dims });
    return value;
  }

  /** What is needed more than once is made once; what the body of a loop makes is made for that body. */
  once(key: string, make: () => string): string {
    const known = this.#scope.made(key);
    if (known !== undefined) return known;
    const made = make();
    this.#scope.keep(key, made);
    return made;
  }

  /**
   * Replaces a value several times by what a body makes of it.
   * @param times [] int64
   * @param value with its type and shape, which stay
   * @param body takes the number of the round from 0 on ([] int64) and the value, and returns the next value
   */
  repeat(times: string, value: ValueInfo, body: (round: string, value: string) => string): string {
    this.#names += 1;
    const [round, goesOn, current] = ['round', 'goes_on', 'current'].map((part) => `${part}_${this.#names}`) as [
      string,
      string,
      string,
    ];
    const scope = new Scope(this.#scope);
    this.#scope = scope;
    const next = body(round, current);
    const condition = this.node('Identity', [goesOn]);
    this.#scope = scope.outer ?? scope;
    const conditionInfo = { type: ElementType.BOOL, dims: [] };
    const graph = {
      nodes: scope.nodes,
      initializers: [],
      inputs: [
        { name: round, type: ElementType.INT64, dims: [] },
        { name: goesOn, ...conditionInfo },
        { ...value, name: current },
      ],
      outputs: [
        { name: condition, ...conditionInfo },
        { ...value, name: next },
      ],
      known: scope.known,
    };
    return this.node('Loop', [times, '', value.name], { attributes: { body: { graph } } });
  }

  /** A node that computes a whole block. */
  block(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>>): string {
    return this.node(opType, inputs, { domain: WHOLE_BLOCKS, attributes });
  }

  /** The body of a node, which computes one value out of `count` values of the compute type. */
  body(count: number, make: (...values: string[]) => string): GraphProto {
    this.#names += 1;
    const names = Array.from({ length: count }, (_none, index) => `value_${this.#names}_${index}`);
    const scope = new Scope(this.#scope);
    this.#scope = scope;
    const made = make(...names);
    this.#scope = scope.outer ?? scope;
    const info = (name: string): ValueInfo => ({ name, type: this.target.computeType, dims: [] });
    return { nodes: scope.nodes, initializers: [], inputs: names.map(info), outputs: [info(made)] };
  }

  /** As many zeros (int64) as a value has dimensions, known when the value is. */
  zerosAfter(value: string): string {
    return this.once(`zeros:${value}`, () => {
      const shape = this.node('Shape', [value]);
      return this.node('Sub', [shape, shape]);
    });
  }

  /** A tensor of the model in the type in which it is stored. */
  weight(name: string): string {
    return this.#stored(`weight:${name}`, name, (tensor) => tensor);
  }

  /** Some of a tensor's rows, `end` not included: a part of the file, so nothing is copied. */
  weightRows(name: string, start: number, end: number): string {
    return this.#stored(
      `weight:${name}:${start}`,
      name,
      ({ shape: [rows = 1, ...rest], offset, length, ...tensor }) => {
        const bytes = length / rows;
        return {
          ...tensor,
          shape: [end - start, ...rest],
          offset: offset + start * bytes,
          length: (end - start) * bytes,
        };
      },
    );
  }

  /** Places of tensors in parts of the files, for a graph that decides which of them to take when it runs. */
  places(names: readonly string[]): Map<string, Place> {
    return placesOf(new Map(names.map((name) => [name, this.#tensor(name)])));
  }

  /** A part of a file: [elements] */
  region(region: StoredTensor): string {
    const { file, dtype, offset, length } = region;
    return this.#external(`region:${file}:${dtype}:${offset}:${length}`, region);
  }

  #stored(id: string, name: string, part: (tensor: StoredTensor) => StoredTensor): string {
    return this.#external(id, part(this.#tensor(name)));
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.weights.get(name);
    if (!tensor) throw new Error(`the graph asks for tensor ${name}, which inspection did not list`);
    return tensor;
  }

  #external(id: string, { name, dtype, file, offset, length, shape }: StoredTensor): string {
    const type = WEIGHT_TYPES[dtype];
    if (type === undefined) throw new Error(`the graph asks for tensor ${name} of type ${dtype}`);
    this.#initializers.set(id, { name: id, type, dims: shape, data: { file, offset, length } });
    return id;
  }

  /** Whether a weight comes in the type in which is computed. */
  isReady(name: string): boolean {
    return this.target.whole === true || this.typeOf(name) === this.target.computeType;
  }

  /** A value in the type in which is computed. */
  converted(value: string): string {
    return this.node('Cast', [value], { attributes: { to: { int: this.target.computeType } } });
  }

  /** A float32 value in the type in which is computed. */
  activation(value: string): string {
    return this.target.computeType === ElementType.FLOAT ? value : this.converted(value);
  }

  /** A value of the type in which is computed, as float32. */
  toFloat32(value: string): string {
    return this.target.computeType === ElementType.FLOAT
      ? value
      : this.node('Cast', [value], { attributes: { to: { int: ElementType.FLOAT } } });
  }

  /** In which a weight is stored. */
  typeOf(name: string): ElementTypeNumber {
    return WEIGHT_TYPES[this.weights.get(name)?.dtype ?? ''] ?? this.target.computeType;
  }

  shapeOf(name: string): readonly number[] {
    return this.weights.get(name)?.shape ?? [];
  }

  /** In the type in which is computed. The same array is the same constant: tables of angles are large and every layer uses them. */
  floats(dims: readonly number[], values: Float32Array): string {
    const stored = this.#table(dims, values);
    return this.once(`activation:${stored}`, () => this.activation(stored));
  }

  /** A table of positions: float32 where the engine computes whole blocks, for its kernels round at their end. */
  positionTable(dims: readonly number[], values: Float32Array): string {
    return this.target.whole === true ? this.#table(dims, values) : this.floats(dims, values);
  }

  #table(dims: readonly number[], values: Float32Array): string {
    const stored =
      this.#tables.get(values) ??
      this.#constant(ElementType.FLOAT, dims, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#tables.set(values, stored);
    return stored;
  }

  /** One float32 that broadcasts over everything. */
  scalar(value: number): string {
    return this.floats([], Float32Array.of(value));
  }

  /** int64 values: [length] */
  ints(values: readonly number[]): string {
    return this.#integers([values.length], values);
  }

  /** One int64 without dimensions. */
  int(value: number): string {
    return this.#integers([], [value]);
  }

  #integers(dims: readonly number[], values: readonly number[]): string {
    const key = `${dims.length}:${values.join()}`;
    const constant =
      this.#integerConstants.get(key) ??
      this.#constant(ElementType.INT64, dims, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
    this.#integerConstants.set(key, constant);
    return constant;
  }

  #constant(type: ElementTypeNumber, dims: readonly number[], raw: Uint8Array): string {
    this.#names += 1;
    const name = `constant_${this.#names}`;
    this.#initializers.set(name, { name, type, dims, data: { raw } });
    return name;
  }

  graph(): GraphProto {
    return {
      nodes: this.#scope.nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
      known: this.#scope.known,
    };
  }
}
