import { evaluatorErrors } from '@assay/lib-model-graph/errors';
import type { Registry } from '@assay/lib-model-graph/architectures/registry';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import { requireAgreement } from '@assay/lib-model-graph/program/agreement';
import { lossSessions, sampleLoss } from '../running/losses.js';
import { CPU, INSTALL, installedDevices, type Device } from './device.js';

/** @throws DEVICE_DIFFERS, or DEVICE_UNAVAILABLE where nothing can be computed at all */
export async function requireDeviceAgreement(device: Device, threads: number, registry: Registry): Promise<void> {
  const lossOn = async (on: Device, model: InspectedModel, sequence: number[]): Promise<number> => {
    const sessions = lossSessions(model, { threads, device: on, attention: 'eager' });
    try {
      return await sampleLoss(sessions, [sequence], { packed: true, padTokenId: 0 });
    } finally {
      await sessions.release();
    }
  };
  const compared = {
    name: device.name,
    computeType: device.computeType,
    lossOn: (model: InspectedModel, sequence: number[]) => lossOn(device, model, sequence).catch(unavailable(device)),
    lossOnCpu: (model: InspectedModel, sequence: number[]) => lossOn(CPU, model, sequence),
  };
  await requireAgreement(compared, registry);
}

const unavailable =
  (device: Device) =>
  (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw evaluatorErrors.DEVICE_UNAVAILABLE(
      { device: device.name, available: installedDevices(), reason, install: INSTALL[device.name] },
      error,
    );
  };
