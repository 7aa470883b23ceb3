import { serveTasks } from '../cache/rollups/task-pool.js';
import { startExamining } from './examine-files.js';

serveTasks(startExamining);
