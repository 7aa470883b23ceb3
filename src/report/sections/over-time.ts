import { binDays, type Tally } from '../chart/bins.js';
import { dateOf, titleOf, type Unit } from '../chart/dates.js';
import { tallyText } from '../chart/readout.js';
import { timeChart } from '../chart/time-chart.js';
import { type Html, html, shapeHtml } from '../html.js';
import type { ReportModel } from '../model/report-model.js';
import { bytesHtml } from './values.js';

const UNITS: readonly Unit[] = ['day', 'week', 'month'];
/** Without the script the chart is this wide, and scaled. */
const WIDTH = 960;
/** A plot of less by week would be a few bars. */
const MANY_WEEKS = 30;

/** Bytes, requests and downloads of the archive by day, week or month. */
export function overTime(model: ReportModel): Html {
  const { days, rules } = model;
  if (days.length === 0) {
    return section(
      html`<p class="empty">There are no tables over all datasets yet. <code>s3logextraction update</code> makes them.</p>`,
    );
  }
  const weeks = binDays(days, 'week');
  const unit = weeks.length >= MANY_WEEKS ? 'week' : 'day';
  const bins = unit === 'week' ? weeks : binDays(days, 'day');
  const chart = timeChart(bins, { unit, isLog: false, isCumulative: false }, WIDTH);
  const months = binDays(days, 'month').map(
    (bin) =>
      html`<tr><th scope="row">${titleOf('month', bin.start)}</th><td>${bytesHtml(bin.bytes)}</td>${tallyCell(bin.requests, rules.threshold)}${tallyCell(bin.downloads, rules.threshold)}</tr>
`,
  );
  return section(html`${timeFigure('archive', unit, UNITS, shapeHtml(chart), `Bytes, requests and downloads of the archive from ${dateOf(bins[0].start)} on`)}
<p class="note">Bytes are exact. Requests and downloads are rounded day by day, and days below ${rules.threshold} are held back: those
of a week, a month or all time so far are the sum of the days that are published, which is not the rounded number of all requests.
<span class="held-key">A mark below a base line</span> says that days there are held back; they are not zero. A day without a bar and without a mark had no request.</p>
<details class="numbers" data-numbers="archive"><summary>These numbers as a table</summary>
<div class="scroll"><table><caption class="unseen">Usage of the archive by month</caption><thead><tr><th scope="col">Month</th><th scope="col">Bytes sent</th><th scope="col">Requests</th><th scope="col">Downloads</th></tr></thead><tbody>
${months}</tbody></table></div></details>`);
}

/** A time chart with its switches, which do nothing without the script and are not shown then. */
export function timeFigure(
  id: string,
  unit: Unit,
  units: readonly Unit[],
  chart: Html | undefined,
  label: string,
): Html {
  const choice = (name: string, value: string, text: string, isChecked: boolean): Html =>
    html`<label><input type="radio" name="${id}-${name}" value="${value}"${isChecked && html` checked`}><span>${text}</span></label>`;
  const names = { day: 'Day', week: 'Week', month: 'Month', year: 'Year' };
  return html`<figure class="time-figure" id="${id}-time" data-unit="${unit}">
<div class="switches scripted">
${units.length > 1 && html`<fieldset class="segments"><legend class="unseen">By</legend>${units.map((one) => choice('unit', one, names[one], one === unit))}</fieldset>`}
<fieldset class="segments"><legend class="unseen">Scale</legend>${choice('scale', 'linear', 'Linear', true)}${choice('scale', 'log', 'Log', false)}</fieldset>
<label class="check"><input type="checkbox" name="${id}-sum"><span>Cumulative</span></label>
</div>
<p class="readout scripted"></p>
<div class="plot" role="img" aria-label="${label}">${chart}</div>
<input class="scrub scripted" type="range" min="0" max="0" value="0" aria-label="Step through time">
</figure>`;
}

function tallyCell(tally: Tally, threshold: number): Html {
  return html`<td>${tallyText(tally, threshold)}</td>`;
}

function section(content: Html): Html {
  return html`<section id="time" aria-labelledby="time-title"><h2 id="time-title">Over time</h2>
${content}
</section>`;
}
