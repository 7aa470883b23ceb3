/** On paper: light, without what can only be clicked, no table cut within a row. */
export const PRINT = `
@media print {
  :root, :root[data-theme] { color-scheme: light }
  @page { margin: 16mm 14mm }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact }
  .topbar, .scripted, .on .scripted, .back, .skip, noscript, .readout { display: none !important }
  .page { max-width: none; padding: 0 }
  .masthead { padding-top: 0 }
  section { margin-top: 2rem }
  main > section { padding-top: 1.2rem }
  h2, h3 { break-after: avoid }
  tr, figure, .figures, .facts div { break-inside: avoid }
  thead { display: table-header-group }
  th, td { padding-top: .25rem; padding-bottom: .25rem }
  .scroll { overflow: visible }
  .more { padding: 0; border: 0; font-size: 0; color: var(--soft) }
  .more::after { content: attr(data-rest); font-size: 9pt }
  .name { white-space: normal; overflow-wrap: anywhere }
  a { color: inherit; text-decoration: none }
  .cursor { display: none }
}
`;
