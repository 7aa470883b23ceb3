import { startRollupTasks } from './rollup-tasks.js';
import { serveTasks } from './task-pool.js';

serveTasks(startRollupTasks);
