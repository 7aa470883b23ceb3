import { formatCount, plural } from '../../../cache/count-text.js';
import { type PublishedCount, publishedCount } from '../../summarize/privacy.js';
import { dayNumber } from '../chart/dates.js';
import { type Html, html } from '../html.js';
import type { ReportModel } from '../model/report-model.js';
import { dateHtml } from './headline.js';
import { countText } from './values.js';

/** What the cache says of its logs, exact. */
export interface LogAccount {
  readonly lines: {
    readonly total: number;
    readonly kept: number;
    readonly skipped: number;
    readonly rejected: number;
    readonly reasons: Readonly<Record<string, number>>;
  };
  /** Commits that the tables do not cover yet. */
  readonly pendingCommits: number;
  /** Logs of withdrawn commits are still to be extracted again. */
  readonly isRepairPending: boolean;
}

/**
 * How new and how whole the numbers are. Lines of logs are rounded as requests are: the lines kept of an archive are its
 * requests, which nobody must learn exactly here.
 */
export function freshnessSection(model: ReportModel, account: LogAccount | undefined): Html {
  const { days, changedAt } = model;
  const [first, last] = [days[0]?.[0], days.at(-1)?.[0]];
  const facts: [string, Html | string][] = [
    ['Published numbers changed last', dateHtml(changedAt)],
  ];
  if (first !== undefined && last !== undefined) {
    const span = dayNumber(last) - dayNumber(first) + 1;
    const quiet = span - days.length;
    facts.push(
      ['First day with requests', dateHtml(first)],
      ['Last day with requests', dateHtml(last)],
    );
    facts.push([
      'Days without any request in between',
      quiet === 0
        ? 'none'
        : `${formatCount(quiet)} of ${formatCount(span)}; logs may be missing there`,
    ]);
  }
  if (account !== undefined)
    facts.push(['Logs read but not in these numbers yet', pendingText(account)]);
  return html`<section id="freshness" aria-labelledby="freshness-title"><h2 id="freshness-title">How new, how complete</h2>
<dl class="facts">${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${account !== undefined && linesPart(model, account)}
</section>`;
}

function pendingText({ pendingCommits, isRepairPending }: LogAccount): string {
  const repair = isRepairPending ? '; a repair is not finished' : '';
  return `${pendingCommits === 0 ? 'none' : plural(pendingCommits, 'batch').replace('batchs', 'batches')}${repair}`;
}

function linesPart({ rules }: ReportModel, { lines }: LogAccount): Html {
  const by = { threshold: BigInt(rules.threshold), modulus: BigInt(rules.modulus) };
  const rounded = (count: number): PublishedCount => publishedCount(BigInt(count), by);
  const row = (label: string, count: number, why: string): Html =>
    html`<tr><th scope="row">${label}</th><td>${countText(String(rounded(count)))}</td><td class="text">${why}</td></tr>
`;
  const reasons = Object.entries(lines.reasons)
    .filter(([, count]) => count > 0)
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  return html`<h3>Every line of the logs</h3>
<p>Each line of each log is kept, skipped, or rejected for a reason. The counts are rounded by the rule above, so they need not add up.</p>
<div class="scroll"><table class="plain"><caption class="unseen">Lines of logs</caption><thead><tr><th scope="col">Lines</th><th scope="col">Count</th><th scope="col" class="text">What they are</th></tr></thead><tbody>
${row('All', lines.total, 'in all logs that were read')}${row('Kept', lines.kept, 'successful requests for an object, which are counted')}${row('Skipped', lines.skipped, 'other requests: listings, uploads, errors')}${row('Rejected', lines.rejected, 'lines that are damaged or ambiguous, which are not counted')}</tbody></table></div>
${reasons.length > 0 && html`<details><summary>Why lines were rejected</summary><ul class="reasons">${reasons.map(([reason, count]) => html`<li>${reason.replaceAll('_', ' ')}: ${countText(String(rounded(count)))}</li>`)}</ul></details>`}`;
}
