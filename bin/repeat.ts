import { setTimeout as wait } from 'node:timers/promises';

const LOOK_MS = 100;

/**
 * Do something once, or every so many minutes from the beginning of one time to the beginning of the next; when one takes longer, the next
 * follows at once. Then a failure ends one time only.
 *
 * @param minutes undefined: once
 * @param onFailure tells of a failure. @returns the exit status that it stands for
 * @returns the exit status of the last time
 */
export async function repeatEvery(
  minutes: number | undefined,
  shouldStop: () => boolean,
  work: () => Promise<number>,
  onFailure: (error: unknown) => number,
): Promise<number> {
  if (minutes === undefined) return work();
  for (;;) {
    const startedAt = performance.now();
    let status: number;
    try {
      status = await work();
    } catch (error) {
      status = onFailure(error);
    }
    while (!shouldStop() && performance.now() - startedAt < minutes * 60_000) await wait(LOOK_MS);
    if (shouldStop()) return status;
  }
}
