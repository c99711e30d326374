import { afterAll, beforeAll } from 'vitest';
import { findRuntime } from './runtime.js';
import { startSubtensor, type SubtensorNode } from './start.js';
import { World } from './world.js';

const files = findRuntime();

/** Why the suite can't run here; undefined where it can. */
export const missing = typeof files === 'string' ? files : undefined;

/** Title of a suite that says why it is skipped. */
export function titled(title: string): string {
  return missing === undefined ? title : `${title} (skipped: ${missing})`;
}

/** One node for all tests of a suite. */
export function startedNode(): () => SubtensorNode {
  let node: SubtensorNode | undefined;
  beforeAll(async () => {
    if (typeof files === 'string') return;
    node = await startSubtensor(files);
  });
  afterAll(async () => {
    await node?.stop();
  });
  return () => {
    if (!node) throw new Error('The node is not started yet');
    return node;
  };
}

/** One world for all tests of a suite. */
export function startedWorld(): () => World {
  const node = startedNode();
  let world: World | undefined;
  beforeAll(async () => {
    if (missing === undefined) world = await World.open(node());
  });
  afterAll(async () => {
    await world?.close();
  });
  return () => {
    if (!world) throw new Error('The world is not open yet');
    return world;
  };
}
