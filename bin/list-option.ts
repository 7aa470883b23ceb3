/** `a,b` -> a and b; undefined: the option was left out. */
export function listOf(option: string | undefined): string[] | undefined {
  return option?.split(',').filter((name) => name !== '');
}
