import type { BlockPlace } from '../../cache/rollups/dataset-blocks.js';
import type { DatasetTask, TableTask } from './table-tasks.js';
import type { TableName } from './tables.js';

/** Work for one thread at a time: enough to be worth a message, little enough to share. */
const TASK_BYTES = 1 << 22;
const TASK_DATASETS = 64;

/**
 * Share datasets out into tasks; the largest first, so that all threads end at about the same time.
 *
 * @param folderOf where the tables of a dataset stand
 * @param tablesOf the tables of a dataset that are to be made
 */
export function planTables(
  datasets: readonly (readonly [dataset: string, places: readonly BlockPlace[]])[],
  folderOf: (dataset: string) => string,
  tablesOf: (dataset: string) => readonly TableName[],
): TableTask[] {
  const sorted = datasets
    .map(([dataset, places]) => ({ dataset, places, bytes: bytesOf(places) }))
    .sort((a, b) => b.bytes - a.bytes);
  const tasks: TableTask[] = [];
  let task: DatasetTask[] = [];
  let taskBytes = 0;
  for (const { dataset, places, bytes } of sorted) {
    task.push({ dataset, folder: folderOf(dataset), places, tables: tablesOf(dataset) });
    taskBytes += bytes;
    if (taskBytes < TASK_BYTES && task.length < TASK_DATASETS) continue;
    tasks.push({ kind: 'datasets', datasets: task });
    task = [];
    taskBytes = 0;
  }
  if (task.length > 0) tasks.push({ kind: 'datasets', datasets: task });
  return tasks;
}

/** What is to be read of some blocks. */
export function bytesOf(places: readonly BlockPlace[]): number {
  const sizes = places.flatMap(({ block }) => block.sections);
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
