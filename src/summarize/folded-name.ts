const ASCII = /^[\0-\x7f]*$/;

/**
 * A form in which two names are equal when some file system takes them for one: in lower case and decomposed. It joins more
 * than any file system does (`ß` and `ss`), and never less, but for what shows no character at all.
 */
export function foldedName(name: string): string {
  if (ASCII.test(name)) return name.toLowerCase();
  // There and back: some letters have the same capital, others the same small letter (`ẞ` and `ß`, `ſ` and `s`).
  return name.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().normalize('NFD');
}
