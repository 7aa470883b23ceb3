import { formatCount } from '../../../cache/count-text.js';
import { type Html, html } from '../html.js';
import type { HeldBack } from '../model/held-back.js';
import type { ReportModel } from '../model/report-model.js';
import { shareText } from './values.js';

const TABLES = { day: 'By day', asset: 'By asset', region: 'By region' } as const;

/** What is not shown, and why. */
export function privacySection({ rules: { threshold, modulus }, held }: ReportModel): Html {
  const rows = Object.entries(TABLES).map(([kind, label]) =>
    heldRow(label, held[kind as keyof typeof TABLES]),
  );
  return html`<section id="privacy" aria-labelledby="privacy-title"><h2 id="privacy-title">What is held back, and why</h2>
<p>Nobody should learn from these numbers who asked for what. Addresses are in none of them. Requests, downloads and requesters are
counted exactly first, then published by one rule:</p>
<ul>
<li>A count below <strong>${threshold}</strong> is shown as <strong>&lt;${threshold}</strong>, also when it is zero.</li>
<li>Any other count is rounded to a multiple of <strong>${modulus}</strong>.</li>
<li>The rule is applied once, to exact sums. So a total is not the sum of the rows above it, and is to be preferred to it.</li>
<li>Bytes, dates, and names of assets and regions are published as they are.</li>
</ul>
<p>How many counts that hides in the published tables of all datasets and of the archive:</p>
<div class="scroll"><table class="plain"><caption class="unseen">Counts held back, by kind of table</caption><thead><tr><th scope="col">Tables</th><th scope="col">Counts</th><th scope="col">Held back</th><th scope="col">Share</th></tr></thead><tbody>
${rows}</tbody></table></div>
</section>`;
}

function heldRow(label: string, { cells, held }: HeldBack): Html {
  return html`<tr><th scope="row">${label}</th><td>${formatCount(cells)}</td><td>${formatCount(held)}</td><td>${shareText(BigInt(held), BigInt(cells))}</td></tr>
`;
}
