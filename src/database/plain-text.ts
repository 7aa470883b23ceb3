import { isAscii } from 'node:buffer';

const BACKSLASH = 0x5c;

/** Whether bytes can be written into a text just as they are: nothing but ASCII, no NUL and no backslash. */
export function isPlainText(bytes: Buffer): boolean {
  return isAscii(bytes) && !bytes.includes(0) && !bytes.includes(BACKSLASH);
}
