// Pauses of a loop that asks again and again, each ended early by a signal. The signal is listened to once: a listener for each pause, as
// timers/promises has it, costs more than the events of a quiet one.

/** `pause(ms)` resolves after so long, or at once when the signal comes. */
export function pausesUntil(signal: AbortSignal): (ms: number) => Promise<void> {
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake(), { once: true });
  return (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, signal.aborted ? 0 : ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
}
