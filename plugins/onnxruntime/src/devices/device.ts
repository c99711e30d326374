import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { z } from 'zod';
import type { ComputeType } from '@assay/lib-model-graph/program/compute-type';
import { evaluatorErrors } from '@assay/lib-model-graph/errors';
import { ElementType, type ElementTypeNumber } from '@assay/lib-model-graph/graph/graph';
import type { Target } from '@assay/lib-model-graph/graph/target';

export const deviceName = z.enum(['cpu', 'cuda', 'webgpu']);
export type DeviceName = z.infer<typeof deviceName>;

/** Where a graph runs, and what is special about graphs for it. */
export interface Device {
  name: DeviceName;
  computeType: ComputeType;
  /** Execution provider of the runtime. */
  provider: string;
  target: Target;
  /** What the runtime may make of the graph. */
  optimization: 'disabled' | 'all';
}

const ELEMENT_TYPES: Readonly<Record<ComputeType, ElementTypeNumber>> = {
  float32: ElementType.FLOAT,
  bfloat16: ElementType.BFLOAT16,
  float16: ElementType.FLOAT16,
};

/** Types in which a provider has the operators of every architecture. */
const COMPUTES: Readonly<Record<DeviceName, readonly ComputeType[]>> = {
  cpu: ['float32'],
  cuda: ['float32', 'bfloat16', 'float16'],
  webgpu: ['float32', 'float16'],
};

export const INSTALL: Readonly<Record<DeviceName, string>> = {
  cpu: 'Reinstall onnxruntime-node: it brings the provider for the CPU.',
  cuda: 'Install CUDA 12 and cuDNN 9, then run `npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12` on Linux x64.',
  webgpu:
    'Use a platform for which onnxruntime-node brings webgpu, and install a Vulkan driver, e.g. the package mesa-vulkan-drivers.',
};

/** Providers whose library lies on this machine; whether there is a device behind them shows when one is used. */
export function installedDevices(): DeviceName[] {
  const backends = new Map(listSupportedBackends().map(({ name, bundled }) => [name, bundled]));
  return deviceName.options.filter((name) => backends.get(name) === true || (backends.has(name) && hasLibrary(name)));
}

/** Providers that are too large for the package are fetched by its install script, into the folder of its binaries. */
function hasLibrary(name: DeviceName): boolean {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('onnxruntime-node/package.json'));
  return existsSync(
    join(root, 'bin', 'napi-v6', process.platform, process.arch, `libonnxruntime_providers_${name}.so`),
  );
}

/** @throws DEVICE_UNAVAILABLE, COMPUTE_TYPE_UNSUPPORTED */
export function requireInstalled(name: DeviceName, type: ComputeType): void {
  const available = installedDevices();
  if (!available.includes(name)) {
    throw evaluatorErrors.DEVICE_UNAVAILABLE({
      device: name,
      available,
      reason: 'its provider is not installed',
      install: INSTALL[name],
    });
  }
  if (!COMPUTES[name].includes(type))
    throw evaluatorErrors.COMPUTE_TYPE_UNSUPPORTED({ device: name, computeType: type, supported: COMPUTES[name] });
}

/** A device as the config names it; whether it is there and right is another question. */
export function deviceOf(name: DeviceName, type: ComputeType): Device {
  const onCpu = name === 'cpu';
  return {
    name,
    computeType: type,
    provider: name,
    target: { attention: onCpu ? 'fused' : 'plain', computeType: ELEMENT_TYPES[type] },
    // On the CPU the graph is what it should be: optimising it changes neither a digit nor the speed, and takes longer than loading.
    optimization: onCpu ? 'disabled' : 'all',
  };
}

export const CPU: Device = deviceOf('cpu', 'float32');
