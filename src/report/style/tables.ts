export const TABLES = `
.scroll { overflow-x: auto; position: relative }
table { width: 100%; border-collapse: collapse; font-size: .9375rem }
table.plain, .numbers table { max-width: 46rem }
th, td { padding: .5rem .9rem; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: baseline; white-space: nowrap; font-weight: 400 }
th:first-child { padding-left: 0; text-align: left }
th:last-child, td:last-child { padding-right: 0 }
thead th { color: var(--soft); font-size: .8125rem; border-bottom-color: var(--soft); vertical-align: bottom }
td.text, th.text { text-align: left; white-space: normal; color: var(--soft) }
tbody tr:hover { background: var(--raised) }
tbody th a { text-decoration-color: transparent }
tbody th a:hover { text-decoration-color: currentColor }
tbody th { width: 40%; min-width: 8rem; max-width: 0 }
#asset-table tbody th, #dataset-region-table tbody th { width: 56% }
#asset-table .name, #dataset-region-table .name { white-space: normal; overflow-wrap: anywhere }
.trend { min-width: 8.5rem; padding-right: 1.4rem }
html:not(.on) .trend { display: none }
td.trend { padding-top: 0; padding-bottom: 0; vertical-align: middle }
.spark { display: inline-block; width: 120px; max-width: none; height: 22px; fill: var(--fill); vertical-align: middle }
.plain tbody th, .numbers tbody th { max-width: none; white-space: normal }
.name { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
thead button { position: relative; margin: 0 0 -2px; padding: 2px 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; text-align: inherit }
thead button:hover { color: var(--ink) }
thead button::after { content: "" / ""; position: absolute; right: calc(100% + .25em) }
.name-column button::after { right: auto; left: calc(100% + .25em) }
th[aria-sort=ascending] button::after { content: "\\2191" / "" }
th[aria-sort=descending] button::after { content: "\\2193" / "" }
th[aria-sort] { color: var(--ink); font-weight: 600 }
.more { margin: .9rem 0 0; padding: .4rem .9rem; border: 1px solid var(--soft); border-radius: 6px; background: none; color: var(--ink); font: inherit; font-size: .875rem; cursor: pointer }
.more:hover { background: var(--raised) }
.search { flex-wrap: wrap; align-items: center; gap: .5rem .9rem; margin-bottom: 1rem }
.search label { font-size: .9375rem }
.search input { flex: 0 1 20rem; min-width: 0; padding: .45rem .7rem; border: 1px solid var(--soft); border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit }
.search input::placeholder { color: var(--soft); opacity: 1 }
.search output { color: var(--soft); font-size: .875rem }
@media (max-width: 62rem) {
  #dataset-table :is(th, td):nth-child(n + 7) { display: none }
  th, td { padding-left: .6rem; padding-right: .6rem }
}
@media (max-width: 46rem) {
  table { font-size: .875rem }
  th, td { padding: .5rem .45rem }
  tbody th { min-width: 0 }
  .extra, #dataset-table td:nth-child(2), #dataset-table td:nth-child(n + 5), #region-table td:nth-child(3), #region-table td:nth-child(5),
  #asset-table td:nth-child(4), #dataset-region-table td:nth-child(4) { display: none }
  #dataset-table :is(th, td):nth-child(4), #region-table :is(th, td):nth-child(4), #asset-table :is(th, td):nth-child(3), #dataset-region-table :is(th, td):nth-child(3) { padding-right: 0 }
  tbody th { width: 46% }
  .numbers td { white-space: normal }
}
`;
