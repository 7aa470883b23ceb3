import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from '../../src/share/collect/csv-line.js';
import { jsonPieces } from '../../src/share/collect/json-pieces.js';
import { addressesIn, nameWithoutAddress } from '../../src/share/package/address-in-text.js';
import { AddressInPackageError, AddressScan } from '../../src/share/package/address-scan.js';

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function holds(text: string): boolean {
  const found = addressesIn(latin1(text));
  return found === undefined || found.length > 0;
}

describe('an address is found', () => {
  it.each([
    '198.51.100.7',
    'v1.2.3.4/data.nwb',
    'x198.51.100.7y',
    'see..198.51.100.7.',
    'http://198.51.100.7:8080/a',
    '198.51.100.7.443',
    '1.198.51.100.7',
    '198.051.100.007',
    '198[.]51[.]100[.]7',
    '"198.51.100.7"',
    '198%2E51%2e100%252E7',
    '\\u0031\\u00398.51.100.7',
    '１９８．５１．１００．７',
    '198。51。100。7',
    '19\u200b8.51.100.7',
    '0xC6.0x33.0x64.0x07',
    '0xC6336407',
    'ip-198-51-100-7.example.org',
    'ec2-198-51-100-7.compute',
    'cpe-198-051-100-007.isp',
    'host_198_51_100_7',
    '2001:db8::7',
    '2001:DB8:0:0:0:0:0:7',
    '[2001:db8::7]:443',
    '::ffff:198.51.100.7',
    'fe80::1%eth0',
    '2001%3Adb8%3A%3A7',
    '::1',
    '2001-db8--7.example.org',
    '2001-0db8-0000-0000-0000-0000-0000-0007.example.org',
    `${'7.'.repeat(20)}ip6.arpa`,
  ])('in %s', (text) => {
    expect(holds(text)).toBe(true);
    const masked = nameWithoutAddress(text);
    expect(holds(masked)).toBe(false);
    expect(masked).toMatch(/\[(?:address|escaped too often)\]/);
  });

  it('in whatever text, and row, and value it stands, and nowhere once names are masked', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6()).filter((one) => one !== '::' && !/^0/.test(one));
    const around = fc.string({ unit: fc.constantFrom(...' ,"/\n=éx%@', "'") });
    fc.assert(
      fc.property(around, address, around, (before, ip, after) => {
        const text = `${before} ${ip} ${after}`;
        for (const file of [csvLine([text, 1]), [...jsonPieces([text])].join('')]) {
          expect(() => scan(file)).toThrow(AddressInPackageError);
        }
        const masked = nameWithoutAddress(text);
        scan(csvLine([masked, 1]));
        scan([...jsonPieces({ [masked]: [masked] })].join(''));
      }),
    );
  });

  it('in no name that was masked, whatever it was', () => {
    const unit = fc.constantFrom(...'0123456789abcdef.:-_%[]()/\\xu', '::', '25', '.1', '%3A');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (name) => {
        const masked = nameWithoutAddress(name);
        expect(nameWithoutAddress(masked)).toBe(masked);
        scan(csvLine(['x', masked, masked]));
        scan([...jsonPieces({ [masked]: masked })].join(''));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('no address is', () => {
  it.each([
    '0.1.2.3',
    '1.2.3',
    '999.1.1.1',
    '1198.51.100.7',
    '1.2.840.113619.2.55.3.2831868886.123/1.nii',
    '2018-11-12-13-14-15_2.log',
    'sub-01_ses-02_run-03',
    '01-02-03-04',
    '2024-01-01',
    '10:11:12.123Z',
    'std::vector',
    'arn:aws:iam::cloudfront:user',
    '::',
    '12345678-1234-1234-1234-123456789012',
    '1,234.5,6.7,8.9',
    '-12.5,130.25',
    'data--2.txt',
    'naïve — façade',
    'notes%2B%252224%2522%2B%25C3%25A9',
  ])('%s', (text) => {
    expect(holds(text)).toBe(false);
    expect(nameWithoutAddress(text)).toBe(text);
  });
});

function scan(file: string, pieceBytes = 7): void {
  const bytes = Buffer.from(file);
  const scanning = new AddressScan('x.csv');
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    scanning.add(bytes.subarray(at, at + pieceBytes));
  }
  scanning.end();
}

describe('a scan', () => {
  it('tells file, line and byte, however the file comes in pieces, and never the address', () => {
    const file = 'a,b\n"é",1\nc,x 198.51.100.7 y\n';
    for (const size of [1, 2, 3, 5, 16, 1000]) {
      let told: unknown;
      try {
        scan(file, size);
      } catch (error) {
        told = error;
      }
      expect(told).toBeInstanceOf(AddressInPackageError);
      expect((told as Error).message).toContain('x.csv holds, in line 3 at byte 5,');
      expect(JSON.stringify(told) + (told as Error).message).not.toContain('198.51');
    }
  });

  it('goes on in a line that is longer than memory should hold', () => {
    const piece = Buffer.alloc(1 << 20, 'x,');
    const scanning = new AddressScan('x.csv');
    for (let i = 0; i < 40; i++) scanning.add(piece);
    scanning.add(Buffer.from('198.51.1'));
    expect(() => {
      scanning.add(Buffer.from('00.7'));
      scanning.end();
    }).toThrow(/line 1 at byte 41943041/);
  });
});
