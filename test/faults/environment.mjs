const preload = new URL('./preload.mjs', import.meta.url).href;

/**
 * What makes a process fail at one of its operations on the files below a folder.
 *
 * @param counter file that grows by a byte with each operation; must be there
 * @param fault.at number of the operation that fails, from 1; 0: none
 * @param fault.kind code of the error, or `kill`, `short`
 * @param fault.lasts whether all after it fail, too
 */
export function faultEnvironment(folder, counter, { at, kind, lasts }) {
  return {
    NODE_OPTIONS: `--import=${preload}`,
    FAULT_FOLDER: folder,
    FAULT_COUNTER: counter,
    FAULT_AT: String(at),
    FAULT_KIND: kind,
    FAULT_LASTS: lasts ? '1' : '0',
  };
}
