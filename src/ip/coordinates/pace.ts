import { setTimeout } from 'node:timers/promises';

/** How often a wait looks whether it should end. */
const LOOK_MS = 100;

/** @returns false when `shouldStop` said so before the time was over */
export async function pause(ms: number, shouldStop: () => boolean): Promise<boolean> {
  const end = performance.now() + ms;
  for (let left = ms; left > 0; left = end - performance.now()) {
    if (shouldStop()) return false;
    await setTimeout(Math.min(left, LOOK_MS));
  }
  return !shouldStop();
}

/** Spaces out the starts of requests, however many wait. */
export interface Pace {
  /** Wait for the next turn. @returns false when `shouldStop` said so first */
  next(shouldStop: () => boolean): Promise<boolean>;
  /** No turn before this many milliseconds have passed. */
  hold(ms: number): void;
}

/** @param perSecond starts a second; the first is at once */
export function createPace(perSecond: number): Pace {
  const intervalMs = 1000 / perSecond;
  let nextAt = Number.NEGATIVE_INFINITY;
  let heldUntil = Number.NEGATIVE_INFINITY;
  return {
    async next(shouldStop) {
      const turn = Math.max(nextAt, performance.now());
      nextAt = turn + intervalMs;
      if (!(await pause(turn - performance.now(), shouldStop))) return false;
      // Held after the turn was given.
      while (heldUntil > performance.now()) {
        if (!(await pause(heldUntil - performance.now(), shouldStop))) return false;
      }
      return true;
    },
    hold(ms) {
      heldUntil = Math.max(heldUntil, performance.now() + ms);
      nextAt = Math.max(nextAt, heldUntil);
    },
  };
}
