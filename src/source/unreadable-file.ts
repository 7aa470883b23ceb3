/** A log file that could not be read to its end; `message` has the reason only, no path. */
export class UnreadableFileError extends Error {}
