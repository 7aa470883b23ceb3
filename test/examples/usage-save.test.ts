import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HandlerFactory, pipelineEnv, runPipeline } from 's3-log-extraction/pipeline';
import { describe, expect, it } from 'vitest';
import { scratchDirectory } from '../support/scratch.js';
import { BEGIN, eventsOf, existsRecord, notification } from '../support/usage-notifications.js';
import type { UsageEvents } from './usage/event.js';
import { EventFile } from './usage/event-file.js';
import { HOUR } from './usage/instant.js';
import { saveHandler } from './usage/save-handler.js';
import { usageHandler } from './usage/usage-handler.js';

const LAUNCHED = BEGIN + 3 * HOUR;
const stream = (tenant = '814554') =>
  eventsOf([
    notification('create.end', LAUNCHED, { launched_at: LAUNCHED }),
    existsRecord({ launched_at: LAUNCHED, tenant_id: tenant }),
  ]);

/** A handler that does not work the first times. */
function throwing(times = Number.POSITIVE_INFINITY): HandlerFactory<UsageEvents> {
  let left = times;
  return {
    name: 'throwing',
    create: () => ({
      handleEvents(events) {
        if (left-- > 0) throw new Error('no luck');
        return events;
      },
    }),
  };
}

const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

function place() {
  const folder = scratchDirectory();
  const path = join(folder, 'verdicts.jsonl');
  const messages: string[] = [];
  const env = (name: string) =>
    pipelineEnv(name, (level, message) => messages.push(`${level}: ${message}`));
  return { folder, path, messages, env };
}

describe('a stream that commits', () => {
  it('saves what was added to it, once, however often it runs', async () => {
    const { path, env } = place();
    const events = stream();
    for (const file of [new EventFile(path), new EventFile(path)]) {
      const chain = [usageHandler, saveHandler(file)];
      const [, , verdict] = await runPipeline(chain, events, env('one'));
      await runPipeline(chain, events, env('one'));
      expect(file.has(verdict.message_id)).toBe(true);
    }
    expect(linesOf(path).map((line) => JSON.parse(line))).toEqual([
      {
        message_id: expect.stringMatching(/^[\da-f-]{36}$/),
        event_type: 'compute.instance.exists.verified',
        timestamp: '2015-01-23T00:05:00.000000Z',
        original_message_id: events[1].message_id,
        error_code: null,
        error: null,
        payload: {
          instance_id: 'b438b78f-4b48-4291-ad27-8c507fe607b4',
          tenant_id: '814554',
          instance_type_id: '6',
          os_architecture: 'x64',
          os_distro: 'org.ubuntu',
          os_version: '12.04',
          rax_options: '0',
          state: 'active',
          launched_at: '2015-01-22T03:00:00.000000Z',
          audit_period_beginning: '2015-01-22T00:00:00.000000Z',
          audit_period_ending: '2015-01-23T00:00:00.000000Z',
        },
      },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('warns of what failed', async () => {
    const { path, messages, env } = place();
    const events = stream('another');
    await runPipeline([usageHandler, saveHandler(new EventFile(path))], events, env('one'));
    expect(messages).toEqual([
      'warning: one: U2: The tenant_id of compute.instance.create.end is not that of the .exists record.',
    ]);
  });

  it('may end while others do', async () => {
    const { path, env } = place();
    const file = new EventFile(path);
    const names = Array.from({ length: 20 }, (_, index) => `stream ${index}`);
    const events = stream();
    await Promise.all(
      names.map((name) => runPipeline([usageHandler, saveHandler(file)], events, env(name))),
    );
    const ids = linesOf(path).map((line) => JSON.parse(line).message_id);
    expect(new Set(ids).size).toBe(20);
    expect(ids).toHaveLength(20);
  });

  it('is saved once when it runs several times at once', async () => {
    const { path, env } = place();
    const file = new EventFile(path);
    const events = stream();
    await Promise.all(
      [1, 2, 3].map(() => runPipeline([usageHandler, saveHandler(file)], events, env('one'))),
    );
    expect(linesOf(path)).toHaveLength(1);
  });

  it('saves the additions of other handlers, and not what they dropped', async () => {
    const { path, env } = place();
    const adds: HandlerFactory<UsageEvents> = {
      name: 'adds',
      create: () => ({
        handleEvents: (events) => [
          { ...events[0], message_id: 'new-ü\n', persisted: false },
          ...events.filter(({ persisted }) => persisted),
        ],
      }),
    };
    const file = new EventFile(path);
    await runPipeline([usageHandler, adds, saveHandler(file)], stream(), env('one'));
    expect(linesOf(path).map((line) => JSON.parse(line).message_id)).toEqual(['new-ü\n']);
    await runPipeline([adds, saveHandler(new EventFile(path))], stream(), env('one'));
    expect(linesOf(path)).toHaveLength(1);
  });
});

describe('a stream in which a handler throws', () => {
  it.each([
    ['between the audit and saving', 1],
    ['after saving', 2],
    ['before the audit', 0],
  ])('leaves no trace when it is %s', async (_, position) => {
    const { folder, path, messages, env } = place();
    const file = new EventFile(path);
    const events = stream('another');
    const before = structuredClone(events);
    const chain = [usageHandler, saveHandler(file)];
    chain.splice(position, 0, throwing(1));
    const stale = env('one');
    await expect(runPipeline(chain, events, stale)).rejects.toThrow('throwing failed at one');
    expect(readdirSync(folder)).toEqual([]);
    expect(messages).toEqual([]);
    expect(events).toEqual(before);
    expect([...stale.shared]).toEqual([]);

    const result = await runPipeline(chain, events, env('one'));
    expect(result).toHaveLength(3);
    expect(linesOf(path)).toHaveLength(1);
    expect(messages).toHaveLength(1);
  });

  it('leaves what others have saved', async () => {
    const { path, env } = place();
    const file = new EventFile(path);
    await runPipeline([usageHandler, saveHandler(file)], stream(), env('one'));
    const before = readFileSync(path);
    const failing = [usageHandler, saveHandler(file), throwing()];
    await expect(runPipeline(failing, stream(), env('two'))).rejects.toThrow('no luck');
    expect(readFileSync(path)).toEqual(before);
  });

  it('throws itself when it gets a stream in pieces', async () => {
    const { env } = place();
    const twice: HandlerFactory<UsageEvents> = {
      name: 'twice',
      create: () => {
        const usage = usageHandler.create();
        return {
          handleEvents: (events, of) => usage.handleEvents(usage.handleEvents(events, of), of),
        };
      },
    };
    await expect(runPipeline([twice], stream(), env('one'))).rejects.toThrow('at once');
  });
});

describe('a commit that fails', () => {
  it('is logged, and made up for by the next one', async () => {
    const { folder, path, messages, env } = place();
    const inside = join(folder, 'missing', 'verdicts.jsonl');
    const file = new EventFile(inside);
    const chain = [usageHandler, saveHandler(file)];
    const events = stream();
    const [, , verdict] = await runPipeline(chain, events, env('one'));
    expect(messages).toEqual([expect.stringMatching(/^warning: commit of save failed at one: /)]);
    expect(file.has(verdict.message_id)).toBe(false);
    expect(existsSync(path)).toBe(false);
    mkdirSync(join(folder, 'missing'));
    await runPipeline(chain, events, env('one'));
    expect(file.has(verdict.message_id)).toBe(true);
    expect(linesOf(inside)).toHaveLength(1);
  });

  it.each([
    ['text', 'some notes'],
    ['lines', 'some notes\n'],
    ['other JSON', '{"event_type":"x"}\n'],
    ['other ids', '{"message_id":"1"\n'],
    ['bytes', Buffer.from([0xff, 0xfe])],
  ])('touches no file that holds %s of somebody else', async (_, content) => {
    const { path, messages, env } = place();
    writeFileSync(path, content);
    await runPipeline([usageHandler, saveHandler(new EventFile(path))], stream(), env('one'));
    expect(messages).toEqual([expect.stringContaining('holds something else')]);
    expect(readFileSync(path)).toEqual(Buffer.from(content));
  });

  it('is logged when the file is full', async () => {
    const { path, messages, env } = place();
    const events = stream();
    const run = (file: EventFile, name: string) =>
      runPipeline([usageHandler, saveHandler(file)], events, env(name));
    const file = new EventFile(path, 2);
    for (const name of ['one', 'two', 'two', 'three']) await run(file, name);
    await run(new EventFile(path, 1), 'two');
    expect(messages).toEqual([
      'warning: commit of save failed at three: the file of events is full: begin another one.',
      'warning: commit of save failed at two: the file of events is full: begin another one.',
    ]);
    expect(linesOf(path)).toHaveLength(2);
  });

  it('notices another program at the same file, and reads it anew', async () => {
    const { path, messages, env } = place();
    const [first, second] = [new EventFile(path), new EventFile(path)];
    const run = (file: EventFile, name: string) =>
      runPipeline([usageHandler, saveHandler(file)], stream(), env(name));
    await run(first, 'one');
    await run(second, 'two');
    await run(first, 'three');
    expect(messages).toEqual([expect.stringContaining('another program')]);
    await run(first, 'three');
    expect(linesOf(path)).toHaveLength(3);
  });
});

describe('a file that a crash has cut off', () => {
  it('ends up as it would have, wherever that was', async () => {
    const { folder, path, env } = place();
    const streams = ['one', 'two', 'three'].map((name) => ({ name, events: stream('ünïcode') }));
    const run = async (to: string) => {
      const file = new EventFile(to);
      for (const { name, events } of streams) {
        await runPipeline([usageHandler, saveHandler(file)], events, env(name));
      }
    };
    await run(path);
    const whole = readFileSync(path);
    // So that a piece of a line is text wherever it ends.
    expect(whole.every((byte) => byte < 0x80)).toBe(true);
    expect(linesOf(path).map((line) => JSON.parse(line).payload.tenant_id)).toContain('ünïcode');
    const cut = join(folder, 'cut.jsonl');
    for (let length = 0; length < whole.length; length += length < 40 ? 1 : 13) {
      writeFileSync(cut, whole.subarray(0, length));
      await run(cut);
      expect(readFileSync(cut).equals(whole)).toBe(true);
    }
  });
});
