/** Colours, type and the frame. Every pair of text and ground has a contrast of at least 4.5 in both themes. */
export const BASE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fdfdfb, #14171a);
  --raised: light-dark(#f4f4ef, #1d2226);
  --ink: light-dark(#1c2024, #e8eaec);
  --soft: light-dark(#565e66, #a3adb6);
  --rule: light-dark(#deded6, #333a40);
  --accent: light-dark(#1b5e96, #7db8ea);
  --fill: light-dark(#3878ad, #5b9fd8);
  --faint: light-dark(#dbe8f2, #1f3a52);
  --held: light-dark(#a8560c, #eaa352);
  --land: light-dark(#dfdfd6, #2d353b);
  --serif: ui-serif, "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
:root[data-theme=light] { color-scheme: light }
:root[data-theme=dark] { color-scheme: dark }
*, ::before, ::after { box-sizing: border-box }
html { scroll-padding-top: 4.5rem; -webkit-text-size-adjust: 100% }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.55 var(--sans);
  font-variant-numeric: tabular-nums lining-nums;
}
.page { max-width: 70rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem) }
main:focus, h1:focus { outline: none }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.15; text-wrap: balance }
h1 { margin: .1em 0 .25em; font-size: clamp(2rem, 1.3rem + 3.2vw, 3.4rem); letter-spacing: -.015em; overflow-wrap: anywhere }
h2 { margin: 0 0 1.1rem; font-size: clamp(1.45rem, 1.2rem + 1vw, 1.9rem); letter-spacing: -.008em }
h3 { margin: 2.4rem 0 .8rem; font-size: 1.15rem }
p, li { max-width: 68ch }
section { margin-top: clamp(3rem, 7vw, 5rem) }
main > section { border-top: 1px solid var(--rule); padding-top: clamp(1.5rem, 3vw, 2.2rem) }
code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere }
[hidden], .scripted { display: none !important }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.skip { position: absolute; left: -99rem; padding: .6rem 1rem; background: var(--paper); z-index: 3 }
.skip:focus { left: .5rem; top: .5rem }
.topbar {
  position: sticky; top: 0; z-index: 2;
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .4rem 1.5rem;
  padding: .55rem clamp(1rem, 4vw, 2.5rem);
  background: var(--paper); border-bottom: 1px solid var(--rule);
  font-size: .875rem;
}
.topbar ul { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin: 0; padding: 0; list-style: none }
.topbar nav a { display: inline-block; padding: .3rem 0; color: var(--soft); text-decoration: none }
.topbar nav a:hover { color: var(--ink); text-decoration: underline }
.settings { display: flex; align-items: center; gap: 1rem }
.masthead { padding-top: clamp(2.2rem, 6vw, 4.5rem) }
.eyebrow { margin: 0; color: var(--soft); font-size: .8125rem; font-weight: 600; letter-spacing: .09em; text-transform: uppercase }
.lead { margin: 0; color: var(--soft); font-size: 1.0625rem }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.6rem, 1fr)); gap: 1.4rem 1.4rem; margin: clamp(1.8rem, 4vw, 2.8rem) 0 0 }
.figures dt { color: var(--soft); font-size: .875rem }
.figures dd { margin: .1rem 0 0; font-size: 1.375rem; font-weight: 600; letter-spacing: -.015em; line-height: 1.2; white-space: nowrap }
.figures .main { grid-column: 1 / -1 }
.figures .main dd { color: var(--accent); font: 600 clamp(2.6rem, 1.8rem + 4vw, 4.4rem)/1.05 var(--serif); letter-spacing: -.025em; white-space: normal; overflow-wrap: anywhere }
.figures .main .since { color: var(--soft); font: .9375rem/1.4 var(--sans); letter-spacing: 0; margin-top: .5rem }
h1.long { font: 600 1.125rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; letter-spacing: 0; text-wrap: wrap }
.facts { margin: 0; max-width: 46rem }
.facts div { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; padding: .5rem 0; border-bottom: 1px solid var(--rule) }
.facts dt { color: var(--soft) }
.facts dd { margin: 0 }
.note, figcaption { max-width: 74ch; margin: 1rem 0 0; color: var(--soft); font-size: .875rem; line-height: 1.5 }
.empty { padding: 1.2rem 1.4rem; background: var(--raised); border-radius: 6px }
figure { margin: 0 }
details { margin-top: 1rem }
summary { width: fit-content; color: var(--accent); cursor: pointer; font-size: .9375rem }
bdi { unicode-bidi: isolate }
footer { color: var(--soft); font-size: .875rem }
footer p { margin: clamp(3rem, 7vw, 5rem) 0 2.5rem; padding-top: 1.2rem; border-top: 1px solid var(--rule); max-width: none }
.back { display: inline-block; margin-top: 1.6rem; padding: .2rem 0 }
.back::before { content: "\\2190\\00a0" / "" }
.on .settings, .on .switches { display: flex !important }
.on .search { display: flex !important }
.on .readout { display: block !important }
.on .scrub { display: block !important }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0 }
.segments { display: inline-flex; border: 1px solid var(--rule); border-radius: 6px; background: var(--raised) }
.segments label { position: relative; cursor: pointer }
.segments input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer }
.segments span { display: block; padding: .28rem .7rem; border-radius: 5px; color: var(--soft); font-size: .875rem; line-height: 1.35 }
.segments input:checked + span { background: var(--paper); color: var(--ink); box-shadow: 0 0 0 1px var(--soft) }
.segments input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px }
.check { display: inline-flex; align-items: center; gap: .4rem; cursor: pointer; font-size: .875rem; color: var(--soft); white-space: nowrap }
.check input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--accent) }
@media (max-width: 46rem) {
  .topbar { position: static }
  .topbar ul { gap: 0 1.1rem }
  html { scroll-padding-top: 1rem }
  .facts div { grid-template-columns: 1fr; gap: 0 }
}
@media (forced-colors: active) { .segments input:checked + span { outline: 2px solid } }
`;
