import { ElementType, type ElementTypeNumber } from './graph.js';

/** Where and how a graph will be computed. */
export interface Target {
  /** `fused`: the runtime's attention kernel, right on the CPU. `plain`: the same from elementary operators. */
  attention: 'fused' | 'plain';
  /** Type of activations; float32 weights and constants are converted to it. */
  computeType: ElementTypeNumber;
  /**
   * The engine has kernels for whole blocks: attention, experts, RMS norms and losses are one node each, of the domain
   * `assay`, and the engine converts weights to the compute type when it loads them.
   */
  whole?: true;
}

/** Domain of the nodes that stand for a whole block. */
export const WHOLE_BLOCKS = 'assay';

export const CPU_FLOAT32: Target = { attention: 'fused', computeType: ElementType.FLOAT };
