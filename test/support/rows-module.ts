/** A module with a collector `rows`, of so many bytes that compression halves at best. */
export function rowsModule(bytes: number): string {
  return `
import { createHash } from 'node:crypto';
export default (share) => share.registerCollector(
  { key: 'rows', version: '1', format: 'csv', description: 'of tests' },
  () => ({
    columns: ['row'],
    rows: (function* () {
      for (let n = 0; n * 130 < ${bytes}; n++) {
        yield ['x' + createHash('sha512').update(String(n)).digest('hex')];
      }
    })(),
  }),
);
`;
}
