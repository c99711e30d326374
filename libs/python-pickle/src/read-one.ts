import { pickleErrors } from './errors.js';
import { Machine, type MachineDeps } from './machine.js';
import { STEPS, STOP } from './opcodes.js';
import type { PyValue } from './values.js';

/** One pickle, up to its STOP. */
export function readOne(deps: MachineDeps): PyValue {
  const { cursor, budget } = deps;
  const machine = new Machine(deps);
  for (;;) {
    const opcode = cursor.byte();
    if (opcode === STOP) return machine.pop();
    budget.opcode();
    const step = STEPS.get(opcode);
    if (!step) throw pickleErrors.PICKLE_OPCODE_REFUSED({ file: cursor.file, offset: cursor.offset - 1, opcode });
    step(machine);
  }
}
