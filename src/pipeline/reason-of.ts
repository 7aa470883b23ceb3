import { holdsAddress } from '../ip/holds-address.js';

const MOST_CHARACTERS = 300;

/**
 * Why a handler failed, for a message: the first line of what it threw, never a stack, which holds paths of a machine. Keys and agents may hold an
 * address, and handlers may quote them: such a text is not told. Whatever was thrown, this throws nothing.
 */
export function reasonOf(thrown: unknown): string {
  let text: string;
  try {
    text = String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'what it threw cannot be shown';
  }
  const line = text.split('\n', 1)[0] || 'unknown error';
  return holdsAddress(line)
    ? 'its reason holds what looks like an address, and is not shown'
    : line.slice(0, MOST_CHARACTERS).replace(/\.$/, '');
}

const MOST_TOLD = 1000;

/** What a handler tells, as it may be shown. */
export function toldText(message: unknown): string {
  const text = typeof message === 'string' ? message : reasonOf(message);
  return holdsAddress(text)
    ? 'A handler told something that holds what looks like an address; it is not shown.'
    : text.slice(0, MOST_TOLD);
}
