import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTER_ROBOTS } from '../../src/pipeline/handlers/counter-robots.js';
import robots from '../../src/pipeline/handlers/robots.js';
import { parseRobots, RobotMatcher } from '../../src/pipeline/handlers/robots-list.js';
import { scratchDirectory } from '../support/scratch.js';

const matcher = new RobotMatcher(COUNTER_ROBOTS);

describe('the list of COUNTER', () => {
  it.each([
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'aria2/1.36.0',
    'curl/8.4.0',
    'python-requests/2.31.0',
    'Wget/1.21',
    'WGET/1.21',
    'okhttp',
    'Mozilla/5.0',
    'Java/1.8.0_292',
    'lycos_spider',
    '-',
    '',
  ])('finds %j', (agent) => {
    expect(matcher.finds(agent)).toBe(true);
  });

  it.each([
    'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15',
    'okhttp/4.9',
    'Java/18',
    'rclone/v1.65.0',
  ])('does not find %j', (agent) => {
    expect(matcher.finds(agent)).toBe(false);
  });

  it('finds what one of its expressions finds, as this language reads them', () => {
    const expressions = COUNTER_ROBOTS.patterns.map((pattern) => new RegExp(pattern, 'i'));
    const part = fc.oneof(
      fc.constantFrom(...COUNTER_ROBOTS.patterns.map((one) => one.replace(/[\\^$?]/g, ''))),
      fc.string({ maxLength: 8 }),
      fc.constantFrom('Mozilla/5.0 ', '(', ')', '+', ' ', '1', '.'),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const agent = parts.join('').replace(/[\n\r\u2028\u2029]/g, ' ');
        expect(matcher.finds(agent)).toBe(expressions.some((one) => one.test(agent)));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes long agents in linear time', () => {
    expect(matcher.finds('(((+'.repeat(250_000))).toBe(false);
  });
});

describe('another list', () => {
  it.each([
    ['^[[:alpha:]]+$', 'bot', '7'],
    ['^[[:alpha:]]$', 'b', ':]'],
    ['^[]x]$', ']', 'y'],
    ['^[^]x]$', 'y', ']'],
  ])('means by a class what RE2 means: %s', (pattern, found, other) => {
    const matcher = new RobotMatcher({ version: '1', patterns: [pattern] });
    expect([matcher.finds(found), matcher.finds(other)]).toEqual([true, false]);
  });

  it('is read in the form in which COUNTER publishes it, its version the newest date', () => {
    const text = JSON.stringify([
      { pattern: 'one', last_changed: '2017-08-08' },
      { pattern: '^two$', last_changed: '2026-01-02', description: 'x' },
      { pattern: 'three' },
    ]);
    expect(parseRobots(text)).toEqual({
      version: '2026-01-02',
      patterns: ['one', '^two$', 'three'],
    });
    const file = join(scratchDirectory(), 'list.json');
    writeFileSync(file, text);
    expect(robots.configure({ list: file }).version).toBe('2026-01-02');
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['nothing', '[]', 'has 0 entries'],
    ['another object', '{"patterns":"x"}', 'has no patterns'],
    ['an entry without a pattern', '[{"pattern":"a"},{}]', 'entry 2'],
    ['no expression', '[{"pattern":"a(?=b)"}]', 'entry 1 of the list of robots is no RE2'],
  ])('is refused when it is %s', (_what, text, why) => {
    expect(() => new RobotMatcher(parseRobots(text))).toThrow(why);
  });
});
