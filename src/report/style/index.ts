import { BASE } from './base.js';
import { CHARTS } from './charts.js';
import { PRINT } from './print.js';
import { TABLES } from './tables.js';

/** The one style sheet of a report. */
export const STYLE = [BASE, TABLES, CHARTS, PRINT]
  .join('')
  .replace(/^\s+|\s+$/gm, '')
  .replaceAll('\n\n', '\n');
