export const CHARTS = `
.switches { flex-wrap: wrap; align-items: center; gap: .6rem 1rem; margin-bottom: 1rem }
.readout { min-height: 3em; margin: 0; color: var(--ink); font-size: .9375rem; line-height: 1.5 }
.plot { position: relative; touch-action: pan-y }
.plot .cursor { position: absolute; top: 20px; bottom: 36px; width: 1px; background: var(--ink); pointer-events: none }
svg { display: block; max-width: 100% }
.chart { height: auto; overflow: visible }
.chart text { fill: var(--soft); font: 12px var(--sans); font-variant-numeric: tabular-nums }
.chart .panel { fill: var(--ink); font-weight: 600; font-size: 13px }
.chart .value { text-anchor: end }
.chart .time text { text-anchor: start }
.chart .middle text { text-anchor: middle }
.chart .year { fill: var(--ink) }
.chart .line { stroke: var(--rule) }
.chart .base, .chart .time path { stroke: var(--soft) }
.chart .bar { fill: var(--fill) }
.chart .area { fill: var(--faint) }
.chart .sum { fill: none; stroke: var(--accent); stroke-width: 1.75 }
.chart .held { fill: var(--held) }
.chart .part { fill: var(--held); fill-opacity: .5 }
.readout.hint { color: var(--soft) }
.held-key::before { content: ""; display: inline-block; width: 14px; height: 4px; margin-right: .4em; background: var(--held); vertical-align: middle }
.scrub { width: calc(100% - 52px); height: 1.75rem; margin: .2rem 0 0 50px; appearance: none; background: none; cursor: pointer }
.scrub::-webkit-slider-runnable-track { height: 2px; background: var(--soft); border-radius: 1px }
.scrub::-moz-range-track { height: 2px; background: var(--soft); border-radius: 1px }
.scrub::-webkit-slider-thumb { appearance: none; width: 16px; height: 16px; margin-top: -7px; border: 2px solid var(--paper); border-radius: 50%; background: var(--accent) }
.scrub::-moz-range-thumb { width: 12px; height: 12px; border: 2px solid var(--paper); border-radius: 50%; background: var(--accent) }
.map { width: 100%; height: auto }
.land { fill: var(--land) }
.dots { fill: var(--fill); fill-opacity: .5; stroke: var(--accent); stroke-width: .8 }
.dots circle:hover { fill-opacity: .9 }
.kinds { width: 100%; height: 14px; margin-bottom: .9rem; border-radius: 3px }
.kinds rect { stroke: var(--paper); stroke-width: 1; vector-effect: non-scaling-stroke }
.swatch { display: inline-block; width: .75rem; height: .75rem; margin-right: .55rem; border-radius: 2px }
.kind-countries { fill: var(--fill) }
.kind-AWS { fill: light-dark(#c9730f, #e69a45) }
.kind-GCP { fill: light-dark(#2f8a63, #5cbf93) }
.kind-Azure { fill: light-dark(#6a58b0, #a797ea) }
.kind-GitHub { fill: light-dark(#41484e, #c3cad0) }
.kind-VPN { fill: light-dark(#a8446b, #e086a9) }
.kind-unknown { fill: light-dark(#9aa1a8, #6b747c) }
`;
