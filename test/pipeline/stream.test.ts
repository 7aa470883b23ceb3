import { describe, expect, it, vi } from 'vitest';
import type { Handler, HandlerFactory } from '../../src/pipeline/handler.js';
import { HandlerFailedError, pipelineEnv, runPipeline, Stream } from '../../src/pipeline/stream.js';

type Events = readonly number[];

/** A handler that writes down what is done with it. */
function spy(
  name: string,
  calls: string[],
  parts: Partial<Handler<Events>> = {},
): HandlerFactory<Events> {
  return {
    name,
    create: () => ({
      handleEvents(events, env) {
        calls.push(`${name} handles ${events.join()}`);
        return parts.handleEvents?.(events, env) ?? events;
      },
      commit() {
        calls.push(`${name} commits`);
        return parts.commit?.();
      },
      rollback() {
        calls.push(`${name} rolls back`);
        return parts.rollback?.();
      },
    }),
  };
}

const fails = (): never => {
  throw new Error('no luck\n    at /home/somebody/secret.js:1');
};

describe('a pipeline', () => {
  it('hands what one handler returns to the next, and commits when all have succeeded', async () => {
    const calls: string[] = [];
    const adds = spy('adds', calls, { handleEvents: (events) => [...events, 9] });
    const drops = spy('drops', calls, { handleEvents: (events) => events.filter((n) => n > 1) });
    const sees = spy('sees', calls);
    expect(await runPipeline([adds, drops, sees], [1, 2], pipelineEnv('s'))).toEqual([2, 9]);
    expect(calls).toEqual([
      'adds handles 1,2',
      'drops handles 1,2,9',
      'sees handles 2,9',
      'adds commits',
      'drops commits',
      'sees commits',
    ]);
  });

  it('rolls all back when one throws, those that never came to their turn among them', async () => {
    const calls: string[] = [];
    const chain = [
      spy('first', calls),
      spy('bad', calls, { handleEvents: fails }),
      spy('last', calls),
    ];
    const error = await runPipeline(chain, [1], pipelineEnv('the stream')).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HandlerFailedError);
    expect(error).toMatchObject({
      code: 'PIPELINE_HANDLER_FAILED',
      handler: 'bad',
      message: 'The handler bad failed at the stream: no luck.',
    });
    expect(calls).toEqual([
      'first handles 1',
      'bad handles 1',
      'last rolls back',
      'bad rolls back',
      'first rolls back',
    ]);
  });

  it('makes handlers anew for each stream, and lets a failed one be tried again', async () => {
    const made: number[] = [];
    let luck = 0;
    const factory: HandlerFactory<Events> = {
      name: 'counter',
      create: () => {
        let seen = 0;
        return {
          handleEvents(events) {
            seen += events.length;
            if (++luck === 1) throw new Error('not yet');
            return events;
          },
          commit: () => void made.push(seen),
        };
      },
    };
    await expect(runPipeline([factory], [1, 2, 3], pipelineEnv('s'))).rejects.toThrow('not yet');
    await runPipeline([factory], [1, 2, 3], pipelineEnv('s'));
    await runPipeline([factory], [1], pipelineEnv('s'));
    expect(made).toEqual([3, 1]);
  });

  it('shares its environment along the chain, and with no other stream', async () => {
    const found: unknown[] = [];
    const writes: HandlerFactory<Events> = {
      name: 'writes',
      create: () => ({
        handleEvents(events, { shared }) {
          found.push(shared.get('sum'));
          shared.set('sum', events.length);
          return events;
        },
      }),
    };
    const reads: HandlerFactory<Events> = {
      name: 'reads',
      create: () => ({
        handleEvents(events, { shared }) {
          found.push(shared.get('sum'));
          return events;
        },
      }),
    };
    await runPipeline([writes, reads], [1, 2], pipelineEnv('one'));
    await runPipeline([writes, reads], [1], pipelineEnv('two'));
    expect(found).toEqual([undefined, 2, undefined, 1]);
  });

  it('logs failures of commit and rollback, which stop nobody', async () => {
    const messages: string[] = [];
    const env = () => pipelineEnv('s', (level, message) => messages.push(`${level}: ${message}`));
    const calls: string[] = [];
    const bad = spy('bad', calls, { commit: fails, rollback: async () => fails() });
    await runPipeline([bad, spy('next', calls)], [1], env());
    const stream = new Stream([spy('before', calls), bad], env());
    stream.handle([2]);
    await stream.rollback();
    await stream.rollback();
    expect(messages).toEqual([
      'warning: commit of bad failed at s: no luck.',
      'warning: rollback of bad failed at s: no luck.',
    ]);
    expect(calls.filter((call) => !call.includes('handles'))).toEqual([
      'bad commits',
      'next commits',
      'bad rolls back',
      'before rolls back',
    ]);
  });

  it('fails when a handler cannot be made or returns nothing, and takes nothing after its end', async () => {
    const calls: string[] = [];
    const unmade: HandlerFactory<Events> = { name: 'unmade', create: fails };
    const forgets: HandlerFactory<Events> = {
      name: 'forgets',
      create: () => ({ handleEvents: () => undefined as unknown as Events }),
    };
    await expect(runPipeline([spy('first', calls), unmade], [1], pipelineEnv('s'))).rejects.toThrow(
      'The handler unmade failed',
    );
    expect(calls).toEqual(['first rolls back']);
    await expect(runPipeline([forgets], [1], pipelineEnv('s'))).rejects.toThrow(
      'it returned no events',
    );
    const stream = new Stream([spy('only', calls)], pipelineEnv('s'));
    stream.handle([1]);
    stream.handle([2]);
    await stream.commit();
    expect(() => stream.handle([3])).toThrow('has ended');
    await expect(stream.commit()).rejects.toThrow('has ended');
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'null'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['no text', Object.create(null), 'cannot be shown'],
    ['a trap', { toString: fails }, 'cannot be shown'],
    ['an error that fails', failingError(), 'cannot be shown'],
    ['an address', new Error('no key a/198.51.100.7/b'), 'looks like an address'],
    ['another address', '2001:db8::7', 'looks like an address'],
  ])('tells a reason whatever is thrown, and no address: %s', async (_, thrown, told) => {
    const calls: string[] = [];
    const throws = (): never => {
      throw thrown;
    };
    const logged: string[] = [];
    const env = pipelineEnv('s', (_level, message) => void logged.push(message));
    const bad = spy('bad', calls, { handleEvents: throws, rollback: throws });
    const error = await runPipeline([spy('first', calls), bad], [1], env).catch(String);
    expect(error).toContain('The handler bad failed at s: ');
    const quiet = spy('quiet', calls, { commit: throws });
    await runPipeline([quiet, spy('last', calls)], [1], env);
    expect(logged).toHaveLength(2);
    for (const text of [error, ...logged]) {
      expect(text).toContain(told);
      expect(text).not.toMatch(/198\.51|2001:/);
    }
    expect(calls).toContain('first rolls back');
    expect(calls.at(-1)).toBe('last commits');
  });

  it('goes on without a handler that never comes to its end, and tells', async () => {
    vi.useFakeTimers();
    try {
      const calls: string[] = [];
      const told: string[] = [];
      const chain = [
        spy('endless', calls, { commit: () => new Promise<void>(() => undefined) }),
        spy('last', calls),
      ];
      const env = pipelineEnv('s', (level, message) => void told.push(`${level} ${message}`));
      const run = runPipeline(chain, [1], env);
      await vi.advanceTimersByTimeAsync(59_000);
      expect(calls.at(-1)).toBe('endless commits');
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await run).toEqual([1]);
      expect(calls.at(-1)).toBe('last commits');
      expect(told).toEqual([
        'warning commit of endless failed at s: it did not end within 60 seconds.',
      ]);
    } finally {
      vi.useRealTimers();
    }
  });
});

function failingError(): Error {
  return Object.defineProperty(new Error('x'), 'message', { get: fails });
}
