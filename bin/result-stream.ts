import { printable } from './output.js';

/**
 * Write a part of a large result to stdout and wait until it is taken, so that nothing piles up. A terminal gets it printable.
 *
 * @returns false when nobody reads any more (`| head`)
 */
export function writeResult(text: string): Promise<boolean> {
  const { stdout } = process;
  if (text === '') return Promise.resolve(true);
  return new Promise((resolve) => {
    stdout.write(stdout.isTTY ? printable(text) : text, (error) =>
      resolve(error === undefined || error === null),
    );
  });
}
