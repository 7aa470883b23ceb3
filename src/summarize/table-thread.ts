import { serveTasks } from '../../cache/rollups/task-pool.js';
import { startTableTasks } from './table-tasks.js';

serveTasks(startTableTasks);
