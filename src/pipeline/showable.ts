import { holdsAddress } from '../ip/holds-address.js';

const LONGEST = 300;

/**
 * The first line of a text of a handler, without what could command a terminal: never a stack, which holds paths of a machine. Keys of logs may hold
 * addresses, and handlers may tell of keys: what reads as one is withheld.
 */
export function showable(text: string): string {
  const line = text.split('\n', 1)[0].slice(0, LONGEST).replace(/\.$/, '');
  if (holdsAddress(line)) return 'what it says may hold an address, and is withheld';
  return line.replace(/[^\x20-\x7e\u00a1-\u024f]/g, '?');
}
