import { elementsOf } from '@assay/core/contracts/model';
import { modelErrors } from '../errors.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Place } from '../graph/region.js';
import { activation } from './activation.js';
import { linear } from './linear.js';

/** Groups of experts in one layer, each of which needs a loop of its own: a model in large shards has two or three. */
const MAX_GROUPS = 16;

/** Experts of a layer, and how its router chooses among them. */
export interface Experts {
  count: number;
  /** Experts that a token goes through. */
  chosen: number;
  /** Whether the probabilities of the chosen ones are divided by their sum. */
  normalized: boolean;
  activation: string;
}

/** Names of the matrices: the router's [count, width]; of each expert gate and up [inner, width] and down [width, inner]. */
export interface ExpertNames {
  router: string;
  expert(index: number): ExpertMatrices;
}
type Part = 'gate' | 'up' | 'down';
export type ExpertMatrices = Readonly<Record<Part, string>>;

/** Which experts the tokens go through. A place is one of the `rows * chosen` choices of all tokens. */
interface Routing {
  /** Share of the expert in its token: [rows * chosen, 1] */
  shares: string;
  /** Places, ordered by their expert: [rows * chosen] */
  places: string;
  /** How many places each expert has, and where in that order they begin: [count] */
  counts: string;
  begins: string;
}

/** Experts whose matrices lie in the same parts of the files. */
interface StoredGroup {
  /** 1 for each expert of the group, 0 for the others: [count] */
  members: number[];
  matrices: Readonly<Record<Part, StoredMatrices>>;
}
interface StoredMatrices {
  /** The part of a file in which they lie, as one dimension. */
  region: string;
  /** Element of the region at which the matrix of each expert begins; of no use for experts of other groups. */
  starts: number[];
  dims: readonly number[];
  /** Whether they are stored in the type in which is computed. */
  isReady: boolean;
}

/**
 * Mixture of gated MLPs (Shazeer et al. 2017; Jiang et al. 2024): y = sum of p_e * down_e(act(gate_e x) * up_e x) over the
 * experts e that the router scores highest, p = softmax(router x) in float32. Of experts with equal scores the first ones
 * are taken.
 *
 * A loop goes through the experts that some token chose, each with the rows of its tokens, and adds what it gives to these
 * rows. Matrices of other experts are neither read nor converted, and one matrix is in memory at a time. A single loop body
 * for all experts keeps the graph small: hundreds of branches would take longer to load than to run.
 * x: [rows, width] -> [rows, width]
 */
export function experts(g: GraphBuilder, x: string, shape: Experts, names: ExpertNames): string {
  if (g.target.whole === true) return wholeExperts(g, x, shape, names);
  const routing = route(g, x, shape, names.router);
  const [, width = 0] = g.shapeOf(names.router);
  let sum = g.node('Expand', [g.scalar(0), g.node('Shape', [x])]);
  for (const group of groupsOf(g, shape, names)) {
    const present = g.node('Greater', [g.node('Mul', [routing.counts, g.ints(group.members)]), g.int(0)]);
    const chosen = g.node('Reshape', [g.node('NonZero', [present]), g.ints([-1])]);
    const state = { name: sum, type: g.target.computeType, dims: ['rows', width] };
    sum = g.repeat(g.node('Size', [chosen]), state, (round, before) => {
      const expert = g.node('Gather', [chosen, g.node('Unsqueeze', [round, g.ints([0])])]);
      return withExpert(g, { x, before, expert }, routing, shape, group);
    });
  }
  return sum;
}

/** One node for an engine that brings mixtures: x, the router, then gate, up and down of each expert. */
function wholeExperts(g: GraphBuilder, x: string, shape: Experts, names: ExpertNames): string {
  const { count, chosen, normalized } = shape;
  const matrices = Array.from({ length: count }, (_none, index) => names.expert(index));
  const inputs = [
    x,
    g.weight(names.router),
    ...matrices.flatMap(({ gate, up, down }) => [gate, up, down].map((name) => g.weight(name))),
  ];
  return g.block('Experts', inputs, {
    count: { int: count },
    chosen: { int: chosen },
    normalized: { int: normalized ? 1 : 0 },
    gated: { graph: g.body(2, (gate, up) => g.node('Mul', [activation(g, shape.activation, gate), up])) },
  });
}

/** x: [rows, width], router: [count, width] */
function route(g: GraphBuilder, x: string, { count, chosen, normalized }: Experts, router: string): Routing {
  const axis = { axis: { int: -1 } };
  const probabilities = g.node('Softmax', [g.toFloat32(linear(g, x, router))], { attributes: axis });
  // A row is NaN as a whole or not at all, so the runtime can order it, and any experts give NaN to that token.
  const highest = `${g.node('TopK', [probabilities, g.ints([chosen])], { attributes: axis, outputs: 2 })}_1`;
  const picked = g.node('GatherElements', [probabilities, highest], { attributes: axis });
  const shares = normalized ? g.node('Div', [picked, g.node('ReduceSum', [picked, g.ints([-1])])]) : picked;
  const flat = g.node('Reshape', [highest, g.ints([-1])]);
  const length = g.node('Shape', [flat]);
  const ascending = { axis: { int: 0 }, largest: { int: 0 } };
  const zeros = g.ints(Array.from({ length: count }, () => 0));
  const counts = g.node('ScatterElements', [zeros, flat, g.node('Expand', [g.ints([1]), length])], {
    attributes: { axis: { int: 0 }, reduction: { string: 'add' } },
  });
  return {
    shares: g.activation(g.node('Reshape', [shares, g.ints([-1, 1])])),
    places: `${g.node('TopK', [flat, length], { attributes: ascending, outputs: 2 })}_1`,
    counts,
    begins: g.node('CumSum', [counts, g.int(0)], { attributes: { exclusive: { int: 1 } } }),
  };
}

/** `before` with what one expert gives added to the rows that chose it. expert: [1] int64, before: [rows, width] */
function withExpert(
  g: GraphBuilder,
  { x, before, expert }: { x: string; before: string; expert: string },
  { shares, places, counts, begins }: Routing,
  shape: Experts,
  { matrices }: StoredGroup,
): string {
  const begin = g.node('Gather', [begins, expert]);
  const own = g.node('Slice', [places, begin, g.node('Add', [begin, g.node('Gather', [counts, expert])])]);
  const rows = g.node('Div', [own, g.int(shape.chosen)]);
  const taken = g.node('Gather', [x, rows]);
  const project = (input: string, part: Part, after: string): string =>
    g.node('Gemm', [input, matrixOf(g, matrices[part], expert, after)], { attributes: { transB: { int: 1 } } });
  const gate = activation(g, shape.activation, project(taken, 'gate', taken));
  const inner = g.node('Mul', [gate, project(taken, 'up', gate)]);
  const given = g.node('Mul', [project(inner, 'down', inner), g.node('Gather', [shares, own])]);
  return g.node('ScatterND', [before, g.node('Unsqueeze', [rows, g.ints([1])]), given], {
    attributes: { reduction: { string: 'add' } },
  });
}

/**
 * One expert's matrix in the type in which is computed, taken out of its region when `after` has been computed.
 * expert: [1] int64, after: a 2-d value
 */
function matrixOf(g: GraphBuilder, stored: StoredMatrices, expert: string, after: string): string {
  const { region, isReady, starts, dims } = stored;
  const waiting = g.node('ReduceSum', [g.zerosAfter(after)]);
  const begin = g.node('Add', [g.node('Gather', [g.ints(starts), expert]), waiting]);
  const elements = g.node('Slice', [region, begin, g.node('Add', [begin, g.ints([elementsOf(dims)])])]);
  const matrix = g.node('Reshape', [elements, g.ints(dims)]);
  return isReady ? matrix : g.converted(matrix);
}

/** Most models keep all experts of a layer in one type and beside each other: one group. @throws EXPERTS_SCATTERED */
function groupsOf(g: GraphBuilder, { count }: Experts, names: ExpertNames): StoredGroup[] {
  const all = Array.from({ length: count }, (_none, index) => names.expert(index));
  const places = g.places(all.flatMap(({ gate, up, down }) => [gate, up, down]));
  const regionOf = (name: string): string => g.region(placeIn(places, name).region);
  const keys = all.map(({ gate, up, down }) => [gate, up, down].map(regionOf).join());
  const distinct = [...new Set(keys)];
  if (distinct.length > MAX_GROUPS)
    throw modelErrors.EXPERTS_SCATTERED({ tensor: names.router, parts: distinct.length, limit: MAX_GROUPS });
  return distinct.map((key) => {
    const matrices = (part: Part): StoredMatrices => {
      const first = all[keys.indexOf(key)]?.[part] ?? '';
      return {
        region: regionOf(first),
        starts: all.map((expert) => placeIn(places, expert[part]).start),
        dims: g.shapeOf(first),
        isReady: g.isReady(first),
      };
    };
    return {
      members: keys.map((other) => (other === key ? 1 : 0)),
      matrices: { gate: matrices('gate'), up: matrices('up'), down: matrices('down') },
    };
  });
}

function placeIn(places: ReadonlyMap<string, Place>, name: string): Place {
  const place = places.get(name);
  if (!place) throw new Error(`no place is known of ${name}`);
  return place;
}
