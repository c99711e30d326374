import { PbfWriter } from 'pbf';
import type { AttributeValue, GraphProto, NodeProto, TensorProto, ValueInfo } from '@assay/lib-model-graph/graph/graph';

/**
 * The runtime's plan of the memory compares every value with every buffer whose size it can't infer: time in the square of
 * their number. Told the sizes it is quick, and keeps buffers for values of the same size, a hundred MiB and more. So it is
 * told where there are many: from about twenty layers on.
 */
const MANY_UNKNOWN = 150;

const OPSETS = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];

const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;
const EXTERNAL = 1;

/** An ONNX model as bytes. Field numbers are those of onnx.proto, IR version 10. */
export function encodeModel(graph: GraphProto): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, 10);
  pbf.writeStringField(2, 'assay');
  const known = graph.known ?? [];
  pbf.writeMessage(7, writeGraph, { ...graph, known: known.length > MANY_UNKNOWN ? known : [] });
  for (const opset of OPSETS) {
    pbf.writeMessage(
      8,
      (item, inner) => {
        inner.writeStringField(1, item.domain);
        inner.writeVarintField(2, item.version);
      },
      opset,
    );
  }
  return pbf.finish();
}

function writeGraph(graph: GraphProto, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, 'model');
  for (const tensor of graph.initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const input of graph.inputs) pbf.writeMessage(11, writeValueInfo, input);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValueInfo, output);
  for (const value of graph.known ?? []) pbf.writeMessage(13, writeValueInfo, value);
}

function writeNode(node: NodeProto, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, { name, value });
  pbf.writeStringField(7, node.domain);
}

function writeAttribute({ name, value }: { name: string; value: AttributeValue }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, ATTRIBUTE_TYPE.float);
  } else if ('int' in value) {
    pbf.writeVarintField(3, value.int);
    pbf.writeVarintField(20, ATTRIBUTE_TYPE.int);
  } else if ('string' in value) {
    pbf.writeBytesField(4, Buffer.from(value.string, 'utf8'));
    pbf.writeVarintField(20, ATTRIBUTE_TYPE.string);
  } else if ('graph' in value) {
    pbf.writeMessage(6, writeGraph, value.graph);
    pbf.writeVarintField(20, ATTRIBUTE_TYPE.graph);
  } else {
    for (const item of value.ints) pbf.writeVarintField(8, item);
    pbf.writeVarintField(20, ATTRIBUTE_TYPE.ints);
  }
}

function writeTensor(tensor: TensorProto, pbf: PbfWriter): void {
  for (const dim of tensor.dims) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, tensor.type);
  pbf.writeStringField(8, tensor.name);
  if ('raw' in tensor.data) {
    pbf.writeBytesField(9, tensor.data.raw);
    return;
  }
  const { file, offset, length } = tensor.data;
  const entries = { location: file, offset: String(offset), length: String(length) };
  for (const entry of Object.entries(entries)) {
    pbf.writeMessage(
      13,
      ([key, value], inner) => {
        inner.writeStringField(1, key);
        inner.writeStringField(2, value);
      },
      entry,
    );
  }
  pbf.writeVarintField(14, EXTERNAL);
}

function writeValueInfo(info: ValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, info.name);
  pbf.writeMessage(
    2,
    (item, type) => {
      type.writeMessage(
        1,
        (inner, tensor) => {
          tensor.writeVarintField(1, inner.type);
          tensor.writeMessage(2, writeShape, inner.dims);
        },
        item,
      );
    },
    info,
  );
}

function writeShape(dims: ValueInfo['dims'], pbf: PbfWriter): void {
  for (const dim of dims) {
    pbf.writeMessage(
      1,
      (value, inner) => {
        if (typeof value === 'number') inner.writeVarintField(1, value);
        else inner.writeStringField(2, value);
      },
      dim,
    );
  }
}
