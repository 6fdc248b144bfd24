// Runs things side by side and waits for all of them, whatever becomes of each.

export class RunGroup {
  readonly #running = new Set<Promise<void>>();
  readonly #errors: unknown[] = [];

  /** Starts `task`. What it throws is kept for `wait`. */
  run(task: () => void | Promise<void>): void {
    const promise = (async () => task())()
      .catch((error) => {
        this.#errors.push(error);
      })
      .finally(() => this.#running.delete(promise));
    this.#running.add(promise);
  }

  /** Resolves when everything that was started is over; gives what was thrown. The group can be used again. */
  async wait(): Promise<unknown[]> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    return this.#errors.splice(0);
  }
}
