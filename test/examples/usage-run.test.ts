import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HandlerFactory } from 's3-log-extraction/pipeline';
import { describe, expect, it } from 'vitest';
import { importsOf, read, root } from '../architecture/source-files.js';
import { scratchDirectory } from '../support/scratch.js';
import {
  BEGIN,
  CORE,
  END,
  existsRecord,
  type Fields,
  type Notification,
  notification,
  parsed,
  written,
} from '../support/usage-notifications.js';
import type { UsageEvents } from './usage/event.js';
import { parseEvent } from './usage/event.js';
import { HOUR, parseInstant } from './usage/instant.js';
import { auditUsage, type RunOptions } from './usage/run.js';
import { readStreams, streamOf } from './usage/streams.js';

const FOLDER = 'test/examples/usage';
const LAUNCHED = BEGIN + 3 * HOUR;

const of = (instance_id: string, one: Notification): Notification => ({
  ...one,
  fields: { ...one.fields, instance_id },
});
const right = (instance: string) => [
  of(instance, notification('create.end', LAUNCHED, { launched_at: LAUNCHED })),
  of(instance, existsRecord({ launched_at: LAUNCHED })),
];
const wrong = (instance: string) => [of(instance, existsRecord({ launched_at: LAUNCHED }))];

function place(notifications: readonly Notification[], more: readonly string[] = []) {
  const folder = scratchDirectory();
  const events = join(folder, 'events.jsonl');
  writeFileSync(events, [...notifications.map((one) => written(one)), ...more].join('\n'));
  const messages: string[] = [];
  const verdicts = join(folder, 'verdicts.jsonl');
  const options: RunOptions = { events, verdicts, log: (message) => messages.push(message) };
  return { folder, events, verdicts, messages, options };
}

const saved = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Throws at the streams of an instance, the first times. */
function throwingAt(instance: string, times: number): HandlerFactory<UsageEvents> {
  let left = times;
  return {
    name: 'throwing',
    create: () => ({
      handleEvents(events) {
        if (events[0].payload.instance_id === instance && left-- > 0) throw new Error('no luck');
        return events;
      },
    }),
  };
}

describe('a run', () => {
  it('has a verdict for each stream, and adds none when it is repeated', async () => {
    const other = '{"event_type":"image.update","message_id":"7"}';
    const { verdicts, options } = place([...right('a'), ...wrong('b'), ...right('c')], [other, '']);
    const report = await auditUsage(options);
    expect(report).toEqual({
      lines: 6,
      skipped: 1,
      rejected: {},
      streams: 3,
      verified: 2,
      failed: { U8: 1 },
      notAudited: [],
    });
    const first = readFileSync(verdicts);
    expect(await auditUsage(options)).toEqual(report);
    expect(readFileSync(verdicts)).toEqual(first);
    expect(saved(verdicts).map((one) => [one.payload.instance_id, one.error_code])).toEqual([
      ['a', null],
      ['b', 'U8'],
      ['c', null],
    ]);
  });

  it('goes on after a stream that failed, and tries it again', async () => {
    const { verdicts, messages, options } = place([...right('a'), ...right('b'), ...right('c')]);
    const report = await auditUsage({ ...options, handlers: [throwingAt('a', 1)] });
    expect(report).toMatchObject({ verified: 3, notAudited: [] });
    expect(saved(verdicts).map((one) => one.payload.instance_id)).toEqual(['b', 'c', 'a']);
    expect(messages).toEqual([
      'The handler throwing failed at a 2015-01-22: no luck. Attempt 1 of 2.',
    ]);
  });

  it('names a stream that failed each time, and leaves nothing of it', async () => {
    const { verdicts, options } = place([...right('a'), ...right('b')]);
    const report = await auditUsage({ ...options, handlers: [throwingAt('a', 9)] });
    expect(report).toMatchObject({ verified: 1, notAudited: ['a 2015-01-22'] });
    expect(saved(verdicts).map((one) => one.payload.instance_id)).toEqual(['b']);
  });

  it('counts no verdict that was not saved', async () => {
    const { folder, messages, options } = place(right('a'));
    const verdicts = join(folder, 'missing', 'verdicts.jsonl');
    const report = await auditUsage({ ...options, verdicts });
    expect(report).toMatchObject({ verified: 0, notAudited: ['a 2015-01-22'] });
    expect(messages[0]).toContain('commit of save failed at a 2015-01-22');
    expect(messages[1]).toBe('The verdict of a 2015-01-22 was not saved. Attempt 1 of 2.');
  });

  it('makes no verdict on an instance of which a line cannot be read', async () => {
    const bad = written(right('a')[0]).replaceAll('2015-01-22 03', '2015-01-32 03');
    const { verdicts, options } = place([...right('a').slice(1), ...right('b')], [bad, '{"cut']);
    expect(await auditUsage(options)).toMatchObject({
      rejected: { BAD_TIME: 1, NOT_JSON: 1 },
      verified: 1,
      failed: {},
      notAudited: ['a 2015-01-22'],
    });
    expect(saved(verdicts)).toHaveLength(1);
  });

  it('holds no more events than it says', async () => {
    const { events } = place(right('a'));
    await expect(readStreams(events, 1)).rejects.toThrow('more than 1 events');
    expect((await readStreams(events, 2)).byName.size).toBe(1);
  });

  it('passes over lines that are too long, whatever stands in them', async () => {
    const { options } = place(right('a'), [`"${'x'.repeat(3 << 20)}"`, written(wrong('b')[0])]);
    expect(await auditUsage(options)).toMatchObject({
      lines: 4,
      rejected: { NOT_JSON: 1 },
      verified: 1,
      failed: { U8: 1 },
    });
  });
});

describe('the stream of an event', () => {
  const stream = (type: string, timestamp: number, fields: Fields) =>
    streamOf(parsed(written(of('i', notification(type, timestamp, fields))))).slice(2);

  it('is of the day on which it happened, where it was told of within an hour', () => {
    const late = { launched_at: END - 1, deleted_at: END - 1 };
    expect(stream('create.end', END + 1, late)).toBe('2015-01-22');
    expect(stream('delete.end', END + 1, late)).toBe('2015-01-22');
    expect(stream('delete.end', END + HOUR, late)).toBe('2015-01-23');
    expect(stream('delete.end', END - 2, late)).toBe('2015-01-22');
    expect(stream('delete.end', END, { deleted_at: END })).toBe('2015-01-23');
    expect(stream('reboot.end', END, late)).toBe('2015-01-23');
    expect(stream('delete.end', END, {})).toBe('2015-01-23');
    expect(streamOf(parsed(written(existsRecord({})))).split(' ')[1]).toBe('2015-01-22');
    expect(stream('exists', END, {})).toBe('2015-01-23');
  });
});

describe('what comes from outside', () => {
  const line = (changes: object) =>
    JSON.stringify({
      event_type: 'compute.instance.exists',
      message_id: 'm',
      timestamp: '2015-01-22 00:00:00',
      ...CORE,
      ...changes,
    });

  it('may be flat, and may name its id otherwise', () => {
    const { message_id: _, ...rest } = JSON.parse(line({ id: 'n', launched_at: null }));
    expect(parseEvent(JSON.stringify(rest))).toMatchObject({
      event: { message_id: 'n', payload: { instance_type_id: '6', os_distro: 'org.ubuntu' } },
    });
  });

  it.each([
    ['NOT_JSON', '[]'],
    ['NOT_JSON', 'null'],
    ['NOT_JSON', '['.repeat(100_000)],
    ['BAD_INSTANCE', line({ instance_id: '' })],
    ['BAD_INSTANCE', line({ instance_id: 'a\u001b[31m' })],
    ['BAD_INSTANCE', line({ instance_id: 'a'.repeat(65) })],
    ['BAD_INSTANCE', line({ payload: {} })],
    ['BAD_ID', line({ message_id: { toString: 1 } })],
    ['BAD_ID', line({ message_id: undefined })],
    ['BAD_TIME', line({ timestamp: null })],
    ['BAD_TIME', line({ launched_at: 'yesterday' })],
    ['BAD_TIME', line({ deleted_at: 1421884800 })],
    ['BAD_TEXT', line({ state: ['active'] })],
    ['BAD_TEXT', line({ tenant_id: 'x'.repeat(257) })],
    ['BAD_TEXT', line({ instance_type_id: 0.5 })],
  ])('is rejected as %s where it is none of ours: %.60s', (reason, text) => {
    expect(parseEvent(text)).toMatchObject({ kind: 'rejected', reason });
  });

  it('is skipped where it is of something else', () => {
    expect(parseEvent('{"event_type":"compute.instance.exists.verified"}').kind).toBe('skipped');
    expect(parseEvent('{"event_type":5}').kind).toBe('skipped');
    expect(parseEvent('{"__proto__":{"event_type":"compute.instance.exists"}}').kind).toBe(
      'skipped',
    );
  });

  it.each([
    ['2015-01-22 20:45:43.223356', 1421959543223356],
    ['2015-01-22T20:45:43.223356', 1421959543223356],
    ['2015-01-22T20:45:43.223356999Z', 1421959543223356],
    ['2015-01-23T02:15:43.223356+05:30', 1421959543223356],
    ['2015-01-22T17:45:43.223356-0300', 1421959543223356],
    ['2015-01-22 20:45:43.2', 1421959543200000],
    ['2015-02-29 00:00:00', undefined],
    ['2015-01-22 24:00:00', undefined],
    ['2015-01-22 23:59:60', undefined],
    ['2015-01-22 00:00:00+24:00', undefined],
    ['2015-01-22', undefined],
    ['1969-12-31 23:59:59', undefined],
    ['9999-12-31 23:59:59', undefined],
    [' 2015-01-22 00:00:00', undefined],
  ])('is a time as it may be written: %s', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });
});

describe('the example', () => {
  const files = readdirSync(join(root, FOLDER)).filter((file) => file.endsWith('.ts'));

  it('uses nothing of the package but its public pipelines', () => {
    const all = files.flatMap((file) => importsOf(read(`${FOLDER}/${file}`)));
    const strangers = all.filter(
      (name) => !name.startsWith('node:') && !/^\.\/[\w-]+\.js$/.test(name),
    );
    expect(new Set(strangers)).toEqual(new Set(['s3-log-extraction/pipeline']));
    const own = all.filter((name) => name.startsWith('./'));
    expect(own.filter((name) => !files.includes(name.slice(2).replace(/js$/, 'ts')))).toEqual([]);
  });

  it('compiles and runs where the package is installed', () => {
    const { folder, events, verdicts } = place([...right('a'), ...wrong('b')]);
    cpSync(join(root, FOLDER), join(folder, 'usage'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 's3-log-extraction'));
    symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
    const node = (...line: string[]) =>
      spawnSync(process.execPath, line, { cwd: folder, encoding: 'utf8' });
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    expect(node(compiler, '-p', 'usage', '--outDir', 'out')).toMatchObject({
      stdout: '',
      status: 0,
    });
    const ended = node('out/main.js', events, verdicts);
    expect(ended.status).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ verified: 1, failed: { U8: 1 } });
    expect(ended.stderr).toMatch(/^b 2015-01-22: U8: The \.exists record has a launched_at .*\n$/);
    expect(saved(verdicts)).toHaveLength(2);
    expect(node('out/main.js', join(folder, 'none'), verdicts)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Could not audit: ENOENT.*\.\n$/),
    });
    const sample = node('out/main.js', 'usage/sample.jsonl', 'sample-verdicts.jsonl');
    expect(JSON.parse(sample.stdout)).toEqual({
      lines: 8,
      skipped: 0,
      rejected: {},
      streams: 3,
      verified: 1,
      failed: { U2: 1, U5: 1 },
      notAudited: [],
    });
    expect(node('out/main.js')).toMatchObject({ status: 2, stdout: '' });
    writeFileSync(events, `${written(right('a')[1])}\n{"cut`);
    expect(node('out/main.js', events, verdicts).status).toBe(3);
  });
});
