import type { GraphBuilder } from '../graph/graph-builder.js';

type Activation = (g: GraphBuilder, x: string) => string;

const sigmoidOf = (g: GraphBuilder, x: string, slope: number): string => {
  const scaled = slope === 1 ? x : g.node('Mul', [x, g.scalar(slope)]);
  return g.node('Mul', [x, g.node('Sigmoid', [scaled])]);
};
const gelu =
  (approximate: 'none' | 'tanh'): Activation =>
  (g, x) =>
    g.node('Gelu', [x], { attributes: { approximate: { string: approximate } } });
const unary =
  (opType: string): Activation =>
  (g, x) =>
    g.node(opType, [x]);

const LAPLACE = { mu: 0.707107, sigma: 0.282095 };

/** The library's activation functions by the names that config.json uses. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: gelu('none'),
  gelu_python: gelu('none'),
  gelu_new: gelu('tanh'),
  gelu_fast: gelu('tanh'),
  gelu_accurate: gelu('tanh'),
  gelu_pytorch_tanh: gelu('tanh'),
  gelu_10: (g, x) => g.node('Clip', [gelu('none')(g, x), g.scalar(-10), g.scalar(10)]),
  quick_gelu: (g, x) => sigmoidOf(g, x, 1.702),
  silu: (g, x) => sigmoidOf(g, x, 1),
  swish: (g, x) => sigmoidOf(g, x, 1),
  relu: unary('Relu'),
  relu2: (g, x) => {
    const positive = g.node('Relu', [x]);
    return g.node('Mul', [positive, positive]);
  },
  relu6: (g, x) => g.node('Clip', [x, g.scalar(0), g.scalar(6)]),
  leaky_relu: (g, x) => g.node('LeakyRelu', [x], { attributes: { alpha: { float: 0.01 } } }),
  mish: unary('Mish'),
  // 1/2 (1 + erf((x - mu) / (sigma sqrt(2)))) (Ma et al. 2022), with the library's rounded mu and sigma.
  laplace: (g, x) => {
    const scaled = g.node('Div', [g.node('Sub', [x, g.scalar(LAPLACE.mu)]), g.scalar(LAPLACE.sigma * Math.SQRT2)]);
    return g.node('Mul', [g.scalar(0.5), g.node('Add', [g.scalar(1), g.node('Erf', [scaled])])]);
  },
  sigmoid: unary('Sigmoid'),
  tanh: unary('Tanh'),
  linear: (_g, x) => x,
};

export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS);

export function activation(g: GraphBuilder, name: string, x: string): string {
  const apply = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (!apply) throw new Error(`no activation ${name}: the config schema should have refused it`);
  return apply(g, x);
}

/** cap * tanh(x / cap): never beyond the cap (Riviere et al. 2024). */
export function softened(g: GraphBuilder, x: string, cap: number): string {
  const limit = g.scalar(cap);
  return g.node('Mul', [g.node('Tanh', [g.node('Div', [x, limit])]), limit]);
}
