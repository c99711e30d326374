/** A calculation that pauses between its steps, so that its caller may do other things meanwhile. */
export type Steps<T> = Generator<undefined, T>;

/** Runs a calculation to its end at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
