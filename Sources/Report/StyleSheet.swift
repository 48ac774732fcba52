extension ReportPage {
    /// Colours differ in lightness, not in hue alone, and are Okabe and Ito's where they stand for causes.
    static let sheet: StaticString = """

        :root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2126; --faint: #5b6670; --line: #d9dee3; --panel: #f5f7f9;
          --reader: #d55e00; --ahead: #e69f00; --pull: #0072b2; --fill: #8fc6ea; --phase: #6a737c; --wait: #d55e00;
          --read: #0b4a86; --fetched: #8dbde6; --missing: #eef0f2; --bad: #b00020; }
        @media screen and (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e6eaee; --faint: #9aa5b0; --line: #333b43;
          --panel: #1c2228; --reader: #ff8a3d; --ahead: #f2c14e; --pull: #4aa8e8; --fill: #2f6f9f; --phase: #8b96a1;
          --wait: #ff8a3d; --read: #a9d3fb; --fetched: #37709f; --missing: #23292f; --bad: #ff7d8e; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 70rem; background: var(--paper); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem; }
        p { margin: .3rem 0; } .note { color: var(--faint); font-size: .88rem; max-width: 60rem; }
        .verdict { font-size: 1.05rem; margin: .6rem 0 1.2rem; max-width: 60rem; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; margin: 0 0 1rem; padding: 0;
          list-style: none; }
        .tiles li { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; }
        .tiles b { display: block; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
        .tiles span { color: var(--faint); font-size: .85rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
        dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
        code, .code, td.code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .88em; }
        svg { display: block; width: 100%; height: auto; } svg[role=img] { min-width: 44rem; } svg rect { shape-rendering: crispEdges; }
        svg text { fill: var(--ink); font-size: 12px; } svg text.tick, svg text.small { fill: var(--faint); font-size: 11px; }
        svg text.code { font-size: 11px; } svg text.head { font-weight: 600; }
        .grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--faint); stroke-width: 1; }
        .frame { fill: none; stroke: var(--line); }
        .reader { fill: var(--reader); } .ahead { fill: var(--ahead); } .pull { fill: var(--pull); } .fill { fill: var(--fill); }
        .phase { fill: var(--phase); } .wait { fill: var(--wait); } .read { fill: var(--read); } .fetched { fill: var(--fetched); }
        .missing { fill: var(--missing); } .hit { fill: transparent; }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; margin: .2rem 0 .4rem; padding: 0;
          font-size: .88rem; }
        .legend li { display: flex; align-items: center; gap: .4rem; } .legend svg { width: 14px; height: 14px; flex: none;
          border: 1px solid var(--line); }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
        th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { color: var(--faint); font-weight: 500; white-space: nowrap; }
        td.time { white-space: nowrap; } .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } td.path { overflow-wrap: anywhere;
          min-width: 16rem; } .bad { color: var(--bad); }
        footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .6rem; }
        @media print { :root { color-scheme: light; } body { padding: 0; max-width: none; font-size: 11px; }
          * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } svg[role=img] { min-width: 0; } .scroll { overflow: visible; }
          h2, .legend { break-after: avoid; } tr, svg { break-inside: avoid; } }

        """
}
