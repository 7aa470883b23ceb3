// Growth curves: four times as much should take four times as long, and no more memory.
import { extractResult } from './extract.mjs';
import { round } from './numbers.mjs';
import { growthNames } from './shapes.mjs';

/** @returns `{points, secondsPerGb, peakMemory}`: the last two say how the largest compares with the smallest */
export async function growthResult(name, context, found) {
  const points = [];
  for (const part of growthNames(name)) {
    points.push({ name: part, ...extractResult(await context.logs(part), found[part]) });
  }
  const first = points[0];
  const last = points[points.length - 1];
  return {
    points,
    secondsPerGb: round(last.secondsPerGb / first.secondsPerGb),
    peakMemory: first.peakMemoryMb === null ? null : round(last.peakMemoryMb / first.peakMemoryMb),
  };
}
