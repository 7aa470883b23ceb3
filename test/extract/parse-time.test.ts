import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUtcZone, parseTime, TIME_LENGTH } from '../../src/extract/parse-time.js';
import { timeText } from './line-arbitraries.js';

function parse(text: string): number {
  const bytes = Buffer.from(`[${text}]`, 'latin1');
  return parseTime(bytes, 1, bytes.length - 1);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

describe('a time', () => {
  it('is refused after the year 9999, which no date of a table can show', () => {
    expect(parse('[31/Dec/9999:23:59:59 +0000]')).toBe(253_402_300_799);
    expect(parse('[31/Dec/9999:23:59:59 -1400]')).toBeNaN();
  });

  it('is that of Date.UTC on all days from 1970 to 2100, and NaN on days that do not exist', () => {
    let real = 0;
    for (let year = 1970; year <= 2100; year++) {
      for (let month = 0; month < 12; month++) {
        for (let day = 0; day <= 32; day++) {
          const text = `[${String(day).padStart(2, '0')}/${MONTHS[month]}/${year}:12:34:56 +0000]`;
          const at = new Date(Date.UTC(year, month, day, 12, 34, 56));
          const exists = day >= 1 && at.getUTCMonth() === month;
          const seconds = parse(text);
          if (exists) real++;
          if (!Object.is(seconds, exists ? at.getTime() / 1000 : Number.NaN)) {
            throw new Error(`${text} gave ${seconds}`);
          }
        }
      }
    }
    expect(real).toBe((Date.UTC(2101, 0, 1) - Date.UTC(1970, 0, 1)) / 86_400_000);
  });

  it('is right in every second of a day and in every zone', () => {
    const day = Date.UTC(2024, 1, 29) / 1000;
    for (let second = 0; second < 86_400; second += 7) {
      expect(parse(timeText(day + second))).toBe(day + second);
    }
    for (let zone = -14 * 60; zone <= 14 * 60 + 59; zone++) {
      expect(parse(timeText(day, zone))).toBe(day);
    }
  });

  it('before 1970 is refused, also when only its zone takes it there', () => {
    expect(parse('[01/Jan/1970:00:00:00 +0000]')).toBe(0);
    expect(parse('[01/Jan/1970:00:00:00 -0100]')).toBe(3600);
    expect(parse('[01/Jan/1970:00:59:59 +0100]')).toBeNaN();
    expect(parse('[31/Dec/1969:23:59:59 -0100]')).toBeNaN();
  });

  it('with any other byte in any place is refused or is another time that exists', () => {
    const good = '[23/Nov/2026:06:13:49 +0000]';
    const form = /^\[\d\d\/[A-Z][a-z][a-z]\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]$/;
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const text = good.slice(0, at) + String.fromCharCode(byte) + good.slice(at + 1);
        const seconds = parse(text);
        if (Number.isNaN(seconds)) return;
        expect(text).toMatch(form);
        const sign = text[22] === '-' ? -1 : 1;
        const zone = sign * (Number(text.slice(23, 25)) * 60 + Number(text.slice(25, 27)));
        // `-0000` is the one other way to write a zone.
        expect(timeText(seconds, zone)).toBe(text.replace('-0000', '+0000'));
      }),
      { seed: 20_261_123, numRuns: 10_000 },
    );
  });

  it('that is cut short is refused, whatever follows in the buffer', () => {
    const bytes = Buffer.from('[23/Nov/2026:06:13:49 +0000]', 'latin1');
    for (let end = 0; end < TIME_LENGTH; end++) expect(parseTime(bytes, 0, end)).toBeNaN();
    expect(parseTime(bytes, 0, TIME_LENGTH)).toBe(Date.UTC(2026, 10, 23, 6, 13, 49) / 1000);
  });

  it('is in UTC by its zone only', () => {
    const isUtc = (text: string): boolean => isUtcZone(Buffer.from(text, 'latin1'), 0);
    expect(isUtc('[23/Nov/2026:06:13:49 +0000]')).toBe(true);
    for (const zone of ['-0000', '+0001', '+0100', '+1000', '+0010']) {
      expect(isUtc(`[23/Nov/2026:06:13:49 ${zone}]`)).toBe(false);
    }
  });
});
