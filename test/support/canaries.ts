import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Forms in which a secret may come out: as it is, in hexadecimal, in Base64 wherever it begins, for URLs and for JSON. */
export function formsOf(secret: string | Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret as string);
  const forms = [
    bytes,
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('hex').toUpperCase()),
  ];
  for (let before = 0; before < 3; before++) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Without the characters that the bytes beside it have a part in.
    const inner = text.slice(
      before === 0 ? 0 : before + 1,
      (before + bytes.length) % 3 === 0 ? undefined : -1,
    );
    forms.push(Buffer.from(inner), Buffer.from(inner.replaceAll('+', '-').replaceAll('/', '_')));
  }
  if (typeof secret === 'string') {
    forms.push(
      Buffer.from(encodeURIComponent(secret)),
      Buffer.from(JSON.stringify(secret).slice(1, -1)),
    );
  }
  return forms;
}

/** Where secrets were found: `<secret> in <place>`. */
export class Canaries {
  readonly #forms: readonly (readonly [name: string, forms: readonly Buffer[]])[];

  constructor(secrets: Readonly<Record<string, string | Uint8Array>>) {
    this.#forms = Object.entries(secrets).map(([name, secret]) => [name, formsOf(secret)]);
  }

  in(place: string, bytes: Uint8Array | string): string[] {
    const buffer = Buffer.from(bytes as string);
    return this.#forms
      .filter(([, forms]) => forms.some((form) => buffer.includes(form)))
      .map(([name]) => `${name} in ${place}`);
  }

  /** In the names and the contents of all files below a folder. */
  below(folder: string): string[] {
    return readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .flatMap((path) => [
        ...this.in(`name of ${path}`, path),
        ...(lstatSync(path).isFile() ? this.in(path, readFileSync(path)) : []),
      ]);
  }
}
