import type { Runtime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import { compact, hexOf } from '../../scripted-blocks.js';

/** An event that the chain emits by itself at the beginning of a block. */
export interface ScriptedEvent {
  name: string;
  values: readonly unknown[];
}

/** Storage value of `System.Events` with these events of SubtensorModule. */
export function eventsValue(runtime: Runtime, events: readonly ScriptedEvent[]): string {
  return hexOf(Buffer.concat([compact(events.length), ...events.map((event) => encoded(runtime, event))]));
}

function encoded({ registry }: Runtime, { name, values }: ScriptedEvent): Buffer {
  const pallet = registry.metadata.pallets.find((each) => each.name.toString() === 'SubtensorModule');
  if (!pallet) throw new Error('The runtime has no SubtensorModule');
  const { variants } = registry.lookup.getSiType(pallet.events.unwrap().type).def.asVariant;
  const variant = [...variants].find((each) => each.name.toString() === name);
  if (!variant) throw new Error(`SubtensorModule has no event ${name}`);
  const data = [...variant.fields].map(({ type }, place) =>
    registry.createTypeUnsafe(registry.createLookupType(type), [values[place]]).toU8a(),
  );
  // The phase `Initialization`, and no topics.
  return Buffer.concat([Buffer.from([2, pallet.index.toNumber(), variant.index.toNumber()]), ...data, compact(0)]);
}
