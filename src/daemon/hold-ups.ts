// How long a thread did not come to its next task: on the clock, and how much of it the thread itself was on a CPU. Where the two differ
// much the machine had no CPU for the thread, or a call waited in the kernel.

const RESOLUTION_MS = 10;

export interface HoldUp {
  /** Longest time without a turn since it was asked last. */
  seconds: number;
  /** Most CPU time that the thread used between two turns. */
  cpuSeconds: number;
}

export class HoldUps {
  #timer: NodeJS.Timeout | undefined;
  #at = 0;
  #cpuMs = 0;
  #longestMs = 0;
  #longestCpuMs = 0;

  enable(): void {
    this.#at = performance.now();
    this.#cpuMs = ownCpuMs();
    this.#timer ??= setInterval(() => this.#look(), RESOLUTION_MS);
    this.#timer.unref();
  }
  disable(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The worst since the last call. */
  take(): HoldUp {
    if (this.#timer !== undefined) this.#look();
    const worst = { seconds: this.#longestMs / 1000, cpuSeconds: this.#longestCpuMs / 1000 };
    this.#longestMs = 0;
    this.#longestCpuMs = 0;
    return worst;
  }

  #look(): void {
    const now = performance.now();
    const cpuMs = ownCpuMs();
    this.#longestMs = Math.max(this.#longestMs, now - this.#at - RESOLUTION_MS);
    this.#longestCpuMs = Math.max(this.#longestCpuMs, cpuMs - this.#cpuMs);
    this.#at = now;
    this.#cpuMs = cpuMs;
  }
}

/** Of this thread, in milliseconds. */
function ownCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
