import { createHash } from 'node:crypto';
import { type Html, html, trusted } from './html.js';
import { pageScript } from './script.js';
import { STYLE } from './style/index.js';

export interface PageParts {
  readonly title: string;
  /** Sections of the overview, its header first. */
  readonly overview: readonly Html[];
  readonly dataset: Html;
  /** base64 */
  readonly data: string;
}

const LINKS = [
  ['time', 'Over time'],
  ['regions', 'Where from'],
  ['datasets', 'Datasets'],
  ['privacy', 'Held back'],
  ['freshness', 'Completeness'],
] as const;

/** Three bars. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%231f6aa5' d='M1 9h4v6H1zM6 5h4v10H6zM11 1h4v14h-4z'/%3E%3C/svg%3E";

/**
 * The whole document. Its policy lets a browser load nothing, and run and apply only the one script and the one style sheet that
 * stand in it, known by their hashes.
 */
export function page({ title, overview, dataset, data }: PageParts): string {
  const script = pageScript();
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(STYLE)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const links = LINKS.map(([id, label]) => html`<li><a href="#${id}">${label}</a></li>`);
  const themes = ['auto', 'light', 'dark'].map(
    (theme) =>
      html`<label><input type="radio" name="theme" value="${theme}"${theme === 'auto' && html` checked`}><span>${theme[0].toUpperCase()}${theme.slice(1)}</span></label>`,
  );
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="s3logextraction">
<title>${title}</title>
<link rel="icon" href="${trusted(ICON)}">
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#overview">Skip to the numbers</a>
<header class="topbar"><nav aria-label="Sections"><ul>${links}</ul></nav>
<div class="settings scripted"><label class="check"><input type="checkbox" id="exact"><span>Exact bytes</span></label><fieldset class="segments"><legend class="unseen">Colours</legend>${themes}</fieldset></div></header>
<main id="overview" class="page">
${overview}
<noscript><p class="note">Switches, search and the pages of datasets need JavaScript; all tables above do without.</p></noscript>
</main>
${dataset}
<footer class="page"><p>Made by s3logextraction from published tables only. This page is one file and loads nothing.</p></footer>
<script type="application/octet-stream" id="data">${trusted(data)}</script>
<script>${trusted(script)}</script>
</body>
</html>
`.text;
}

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}`;
}
