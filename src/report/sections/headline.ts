import { formatCount } from '../../../cache/count-text.js';
import { dayNumber, longDate } from '../chart/dates.js';
import { type Html, html } from '../html.js';
import type { ReportModel } from '../model/report-model.js';
import { sumOfBytes } from '../model/table-rows.js';
import { bytesHtml, countText } from './values.js';

/** Whose report it is, of when, and the totals of the archive. */
export function headline(model: ReportModel, title: string): Html {
  const { days, totals, datasets } = model;
  const first = days[0]?.[0];
  const last = days.at(-1)?.[0];
  const span =
    first === undefined || last === undefined
      ? undefined
      : first === last
        ? dateHtml(first)
        : html`${dateHtml(first)} to ${dateHtml(last)}`;
  return html`<header class="masthead">
<p class="eyebrow">Usage report</p>
<h1><bdi>${title}</bdi></h1>
<p class="lead">${span !== undefined && html`${span} · `}published ${dateHtml(model.changedAt)}${ROBOTS[model.robots]}</p>
<dl class="figures">
${figure('Bytes sent', bytesHtml(model.bytes), true, newest(days))}
${figure('Requests', countText(totals?.total_number_of_requests))}
${figure('Downloads', countText(totals?.total_number_of_downloads))}
${figure('Requesters', countText(totals?.number_of_requesters ?? model.requesters))}
${figure('Datasets', formatCount(datasets.length))}
${figure('Countries', countText(totals?.number_of_unique_countries))}
${figure('Regions', countText(totals?.number_of_unique_regions ?? (model.regions.length || undefined)))}
</dl>
</header>`;
}

const ROBOTS = {
  include: '',
  exclude: ' · without robots',
  only: ' · robots only',
} as const;

/** @param more told below it */
export function figure(label: string, value: Html | string, isMain = false, more?: Html): Html {
  return html`<div${isMain && html` class="main"`}><dt>${label}</dt><dd>${value}</dd>${more !== undefined && html`<dd class="since">${more}</dd>`}</div>`;
}

const NEWEST_DAYS = 30;

/** Bytes are exact: those of some days may be added up. */
function newest(days: ReportModel['days']): Html | undefined {
  const [first, last] = [days[0], days.at(-1)].map((row) => dayNumber(row?.[0] ?? '1970-01-01'));
  if (last - first < 2 * NEWEST_DAYS) return undefined;
  const rows = days.filter(([date]) => dayNumber(date) > last - NEWEST_DAYS);
  return html`${bytesHtml(sumOfBytes(rows))} of it in the newest ${NEWEST_DAYS} days`;
}

/** @param date `2024-02-29`, and possibly a time, which is left out */
export function dateHtml(date: string): Html {
  const day = date.slice(0, 10);
  return html`<time datetime="${day}">${longDate(dayNumber(day))}</time>`;
}
