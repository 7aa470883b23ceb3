import { systemErrorCode } from '../../../cache/error.js';
import { GivenFileError, readGivenFile } from '../../../cache/given-file.js';
import type { Handler } from '../handler.js';
import { defineHandler, requireOptions } from '../plugin.js';
import type { RecordEnv, RecordEvents } from '../record-events.js';
import { COUNTER_ROBOTS } from './counter-robots.js';
import { parseRobots, RobotMatcher, type RobotsList } from './robots-list.js';

/** The tag of records of robots. */
export const ROBOT_TAG = 'robot';

const MOST_LIST_BYTES = 4 << 20;

/**
 * Tags records whose user agent is a robot by the list of COUNTER (Project COUNTER's Code of Practice, "Internet robots and crawlers"), which
 * stands beside this file with its version, or by another one in the same JSON form (`list`, a file).
 */
export default defineHandler({
  needs: ['agent'],
  configure(options) {
    requireOptions(options, ['list']);
    const matcher = new RobotMatcher(listOf(options.list));
    const create = (): Handler<RecordEvents, RecordEnv> => ({
      handleEvents(events) {
        const { agentIds } = events;
        if (agentIds === undefined) throw new TypeError('there is no column of agents');
        const judged = new Map<number, boolean>();
        for (let row = 0; row < events.rows; row++) {
          const id = agentIds[row];
          let isRobot = judged.get(id);
          if (isRobot === undefined) {
            isRobot = matcher.finds(events.agent(id));
            judged.set(id, isRobot);
          }
          if (isRobot) events.tag(row, ROBOT_TAG);
        }
        return events;
      },
    });
    return { version: matcher.version, create };
  },
});

function listOf(given: unknown): RobotsList {
  if (given === undefined) return COUNTER_ROBOTS;
  if (typeof given !== 'string') throw new RangeError('list is not the name of a file');
  try {
    return parseRobots(readGivenFile(given, MOST_LIST_BYTES).toString('utf8'));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const why =
      error instanceof GivenFileError ? error.message : (systemErrorCode(error) ?? 'unknown error');
    throw new RangeError(`list ${given} cannot be read: ${why}`);
  }
}
