/** Stands for "the log names no address"; its sealed form is 16 zero bytes (cache/FORMAT.md section 5). */
export const NO_ADDRESS = 0;
