// Draws what the report says in its JSON. Text goes in as text, never as HTML: titles come from the app.
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  // The choice stands in the address, so that it can be sent, and outlives a reload.
  const state = { period: page.opens, level: "all" };
  function readState() {
    [, state.period = state.period, state.level = state.level] = location.hash.match(/^#(7|28|all|chosen)-(all|paid|free)$/) || [];
    if (page.periods?.length && !page.periods.some((one) => one.key === state.period)) state.period = page.opens;
  }
  readState();
  const clock = page.clock || "UTC";
  const number = new Intl.NumberFormat("en-GB");
  const byId = (id) => document.getElementById(id);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  // plotly reads a little HTML in its texts
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");

  function make(tag, className, ...children) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  // A page is read long after it was made, and ages go on. As wording.ago says them.
  function tellAges() {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const minutes = (Date.now() - Date.parse(time.dateTime)) / 60000;
      const [size, unit] = [[1, "minute", 90], [60, "hour", 2880], [1440, "day", 1051200], [525960, "year", Infinity]]
        .find(([, , limit]) => minutes < limit);
      const n = Math.round(minutes / size);
      time.textContent = minutes < 0 ? "in the future" : minutes < 0.5 ? "just now" : number.format(n) + " " + unit + (n === 1 ? "" : "s") + " ago";
    }
  }
  tellAges();
  setInterval(tellAges, 30000);

  // ---- where a click leads, on a server ------------------------------------------------------------

  function address(path, values) {
    const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
    return path + (given.length ? "?" + new URLSearchParams(given) : "");
  }

  // The overview of these values beside what is chosen already, with the same period and level.
  function overview(values) {
    const days = "from" in values ? {} : { from: page.selection.from, to: page.selection.to };
    return address("/", { ...page.selection, ...days, ...values }) + ("from" in values ? `#chosen-${state.level}` : location.hash);
  }

  // A question with the days, the level and the filters of this page.
  function question(name, ofAllDays) {
    const { first, last } = page.periods.find((one) => one.key === state.period);
    return address("/ask/" + name, { ...page.selection, from: ofAllDays ? "" : first, to: ofAllDays ? "" : last, level: state.level === "all" ? "" : state.level });
  }

  function leading(href, ...children) {
    const link = make("a", "", ...children);
    link.href = href;
    return link;
  }

  // ---- pictures made of text and boxes -------------------------------------------------------------

  function bars(picture) {
    const values = picture.rows.map((row) => row[2]);
    // Where some fall, bars begin at a zero within, and those run to its left.
    const most = Math.max(...values, 0), least = Math.min(...values, 0), whole = Math.max(most - least, 1);
    return make("ol", "bars", ...picture.rows.map(([name, aside, value, share], n) => {
      const chosen = page.live && page.selection && picture.chooses?.[n];
      const fill = make("i", value < 0 ? "less" : "");
      fill.style.width = (100 * Math.abs(value)) / whole + "%";
      fill.style.marginLeft = (100 * (Math.min(value, 0) - least)) / whole + "%";
      return make("li", "",
        make("span", "name", chosen ? leading(overview(chosen), name) : name, " ", make("span", /^[\d,]+ \S+$/.test(aside) ? "aside whole" : "aside", aside)),
        make("span", "number", number.format(value) + " ", share ? make("small", "", share) : null),
        make("span", "bar", fill));
    }));
  }

  const KINDS = { women: "women", men: "men", unknown: "dull" };

  function strips(picture) {
    return make("div", "strips", ...picture.rows.map(([level, parts]) => {
      const total = parts.reduce((sum, part) => sum + part[1], 0);
      return make("div", "",
        make("div", "head", capital(level), make("span", "", number.format(total) + (total === 1 ? " listener" : " listeners"))),
        strip(parts.map(([word, n]) => [n, KINDS[word]])),
        make("ul", "legend", ...parts.map(([word, n]) => legend(KINDS[word], number.format(n), word, Math.round((100 * n) / total) + " %"))));
    }));
  }

  function strip(parts) {
    return make("div", "strip", ...parts.map(([n, kind]) => {
      const box = make("i", kind);
      box.style.flexGrow = n;
      return box;
    }));
  }

  function legend(kind, value, word, share) {
    return make("li", kind, make("b", "", value), " " + word + " ", make("small", "", share));
  }

  function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  function flow(lines) {
    byId("flow").replaceChildren(...lines.map((line, index) => {
      const node = make("div", "flow-line");
      if (index) node.append(zoom(lines[index - 1], line.source));
      node.append(
        make("div", "head", line.label, make("span", "", line.of)),
        strip(line.parts.map((part) => [part[1], part[3]])),
        make("ul", "legend", ...line.parts.map(([name, n, share, kind]) => legend(kind, number.format(n), name, share))));
      return node;
    }));
  }

  function zoom(before, source) {
    let from = 0, to = 100, sum = 0;
    for (const [name, n] of before.parts) {
      if (name === source) { from = (100 * sum) / before.total; to = (100 * (sum + n)) / before.total; }
      sum += n;
    }
    return svg("0 0 100 10", "zoom", ["polygon", { points: `${from},0 ${to},0 100,10 0,10` }]);
  }

  function svg(viewBox, className, ...shapes) {
    const space = "http://www.w3.org/2000/svg";
    const node = document.createElementNS(space, "svg");
    node.setAttribute("viewBox", viewBox);
    node.setAttribute("preserveAspectRatio", "none");
    node.setAttribute("class", className);
    node.setAttribute("aria-hidden", "true");
    for (const [tag, values] of shapes) {
      const shape = document.createElementNS(space, tag);
      for (const [name, value] of Object.entries(values)) shape.setAttribute(name, value);
      node.append(shape);
    }
    return node;
  }

  // A day without a value is a gap, and a day between two of them a dot.
  function spark(values) {
    if (values.length < 2) return null;
    const top = Math.max(...values) || 1;
    const lines = [];
    values.forEach((v, i) => {
      if (v === null) return;
      if (!i || values[i - 1] === null) lines.push([]);
      lines.at(-1).push(`${((100 * i) / (values.length - 1)).toFixed(2)},${(29 - (27 * v) / top).toFixed(2)}`);
    });
    return svg("0 0 100 30", "spark",
      ["path", { class: "under", d: lines.map((points) => `M${points.join(" L")} V30 H${parseFloat(points[0])} Z`).join(" ") }],
      ["path", { d: lines.map((points) => `M${points[0]} L${points.join(" L")}`).join(" ") }]);
  }

  const ARROWS = { up: "▲ ", down: "▼ ", flat: "", none: "" };

  function cards(found, period, silent) {
    byId("cards").replaceChildren(...found.map((card) => {
      const versus = card.direction !== "none" && card.change ? ` on ${period.versus}` + (silent ? `, of which ${silent} without a play` : "") : "";
      const change = make("div", "change");
      if (versus) change.append(make("b", "", ARROWS[card.direction] + card.change), versus);
      else change.append(card.change);
      const value = page.live && card.label === "Plays" ? leading(question("latest_plays"), card.value) : card.value;
      return make("div", "", make("div", "label", card.label), make("div", "value", value), change, spark(card.spark));
    }));
  }

  // ---- pictures by plotly --------------------------------------------------------------------------

  function layout(changes) {
    const axis = {
      gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("line"), tickcolor: colour("line"),
      tickfont: { color: colour("soft"), size: 12 }, title: { font: { color: colour("soft"), size: 12 }, standoff: 8 },
      automargin: true, fixedrange: true,
    };
    const merged = {
      height: 280, margin: { l: 8, r: 8, t: 8, b: 8 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: colour("ink"), size: 13 },
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink"), size: 13 } },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", font: { size: 13 } },
      dragmode: false, separators: ".,", bargap: 0.18, ...changes,
    };
    for (const name of ["xaxis", "yaxis"]) {
      const own = changes[name] || {};
      merged[name] = { ...axis, ...own, title: { ...axis.title, ...(own.title || {}) } };
    }
    return merged;
  }

  const DAY = 86_400_000;
  const shifted = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString();
  const around = (days, room) => [shifted(days[0], -room), shifted(days.at(-1), room)];
  // A few days are named one by one, with room for the first and the last name; a single one stands in the
  // middle of its week. What follows \n is written below: so seven names fit on a phone.
  const dates = ({ x: days, step, clock: by = clock }) => ({
    type: "date", showgrid: false, nticks: 7, tickangle: 0, tickformat: days.length > 110 ? "%b\n%Y" : days.length > 31 ? "%-d %b\n%Y" : "%-d\n%b", title: { text: `${step === "week" ? "weeks from Monday" : "day"} (${by})` }, hoverformat: "%a %-d %b %Y",
    ...(days.length <= 7 ? { tickvals: days, range: around([...days].sort(), days.length === 1 ? 3.5 : 0.5) } : {}),
  });
  // Days that have no value are a gap, and a day between two of them a dot.
  const line = (x, y, style) => {
    const lone = y.map((v, i) => (v !== null && (y[i - 1] ?? y[i + 1] ?? null) === null ? 6 : 0));
    return { type: "scatter", mode: lone.some(Boolean) ? "lines+markers" : "lines", x, y, line: style, marker: { size: lone, color: style.color, opacity: 1, line: { width: 0 } } };
  };
  const wide = (days) => (days.length === 1 ? { width: 0.8 * DAY } : {});
  // Nobody plays half a song: where there are few, an axis counts by ones.
  const counts = (text, values) => {
    const most = Math.max(...values, 1);
    return { title: { text }, rangemode: "tozero", tickformat: most < 1000 ? ",~r" : ",.3~s", nticks: 6, showline: false, minallowed: 0, ...(most <= 5 ? { dtick: 1 } : {}) };
  };
  // Between many columns there is no room for gaps.
  const gap = (columns) => (columns > 26 ? 0 : columns > 12 ? 1 : 2);
  // A heat map begins at nothing, and its bar counts by ones where there are few.
  const heat = (z, unit) => {
    const most = Math.max(1, ...z.flat());
    return {
      type: "heatmap", z, colorscale: scale(), zmin: 0, zmax: most, xgap: gap(z[0].length), ygap: 2,
      colorbar: {
        thickness: 8, outlinewidth: 0, tickfont: { color: colour("soft"), size: 11 }, tickformat: ",.3~s",
        ...(most <= 5 ? { dtick: 1 } : { nticks: 5 }), title: { text: plain(unit), side: "right", font: { color: colour("soft"), size: 12 } },
      },
    };
  };
  // A name of several words, or a span of large numbers, on two lines of about one length.
  const folded = (text) => {
    const breaks = [...text.matchAll(/ |-(?=\d{3})/g)].map((found) => found.index).sort((a, b) => Math.abs(a - text.length / 2) - Math.abs(b - text.length / 2));
    return text.length > 6 && breaks.length ? plain(text.slice(0, breaks[0] + 1).trim()) + "<br>" + plain(text.slice(breaks[0] + 1)) : plain(text);
  };
  const scale = () => [0, 1, 2, 3, 4].map((step) => [step / 4, colour("scale-" + step)]);
  // Black or white, whichever stands out more from the colour of this share of the scale (WCAG 2.2, "relative luminance").
  const legible = (share) => {
    const at = Math.min(Math.max(share, 0), 1) * 4, low = Math.min(Math.floor(at), 3);
    const [from, to] = [low, low + 1].map((step) => colour("scale-" + step).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16)));
    const [red, green, blue] = from.map((part, i) => (part + (to[i] - part) * (at - low)) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
  };
  const level = { paid: "main", free: "second" };
  const THIRDS = [0, 3, 6, 9, 12, 15, 18, 21];

  const drawings = {
    days: (p) => [
      p.series.map(([name, y]) => ({
        type: "bar", name: plain(capital(name)), x: p.x, y, ...wide(p.x), marker: { color: colour(level[name] || "dull") },
        hovertemplate: "%{y:,} plays<extra>" + plain(name) + "</extra>",
      })),
      layout({ barmode: "stack", hovermode: "x unified", xaxis: dates(p), yaxis: counts("plays", p.x.map((_, i) => p.series.reduce((sum, [, y]) => sum + y[i], 0))) }),
    ],
    hours: (p) => [
      [{ type: "bar", x: p.x, y: p.y, marker: { color: colour("main") }, hovertemplate: `%{x}:00 to %{x}:59 ${clock}<br>%{y:,} ${plain(p.unit)}<extra></extra>` }],
      layout({ xaxis: { title: { text: `hour of the day (${clock})` }, tickvals: THIRDS, showgrid: false, zeroline: false }, yaxis: counts(plain(p.unit), p.y) }),
    ],
    week: (p) => [
      [{
        ...heat(p.z, "plays a day"), y: p.y, x: [...Array(24).keys()], hovertemplate: `%{y}, %{x}:00 to %{x}:59 ${clock}<br>%{z:,} plays on an average day<extra></extra>`,
      }],
      layout({ height: 300, xaxis: { title: { text: `hour of the day (${clock})` }, tickvals: THIRDS, showgrid: false, zeroline: false }, yaxis: { autorange: "reversed", showgrid: false, tickvals: p.y, ticktext: p.y.map((day) => day.slice(0, 3)) } }),
    ],
    active: (p) => [
      [
        ...(p.monthly.some((n) => n !== null) ? [{ name: "in the 30 days up to it", ...line(p.x, p.monthly, { color: colour("soft"), width: 2 }) }] : []),
        { name: "on the day", ...line(p.x, p.daily, { color: colour("main"), width: 2.5 }) },
      ].map((one) => ({ hovertemplate: "%{y:,}", ...one })),
      layout({ height: 300, hovermode: "x unified", xaxis: dates(p), yaxis: counts("listeners", [...p.daily, ...p.monthly]) }),
    ],
    changes: (p) => [
      [
        { name: "Upgrades to paid", y: p.up, marker: { color: colour("main") } },
        { name: "Downgrades to free", y: p.down, marker: { color: colour("second") } },
        ...(p.end.length ? [{ name: "Cancellations", y: p.end, marker: { color: colour("dull") } }] : []),
      ].map((one) => ({ type: "bar", x: p.x, ...wide(p.x), customdata: one.y.map(Math.abs), hovertemplate: "%{customdata:,}", ...one })),
      layout({ barmode: "relative", hovermode: "x unified", xaxis: dates(p), yaxis: { ...upAndDown(p), title: { text: "listeners" } } }),
    ],
    columns: (p) => [
      [{ type: "bar", x: p.x, y: p.y, marker: { color: colour("main") }, text: p.y.map((n) => number.format(n)), textposition: "outside", cliponaxis: false, textfont: { color: colour("soft"), size: 12 }, hovertemplate: "%{y:,} " + p.unit + "<extra></extra>" }],
      layout({ xaxis: { type: "category", title: { text: p.axis }, showgrid: false, tickangle: 0, tickfont: { color: colour("soft"), size: 11 }, tickvals: p.x, ticktext: p.x.map(folded) }, yaxis: counts(p.unit, p.y), margin: { l: 8, r: 8, t: 20, b: 8 } }),
    ],
    retention: (p) => {
      const weeks = Math.max(...p.z.map((row) => row.length));
      const named = p.y.map((week, i) => `${week} · ${number.format(p.new[i])} new`);
      const said = p.z.flatMap((row, i) => row.flatMap((v, j) => (v === null ? [] : [[p.x[j], named[i], v]])));
      return [
        [{
          type: "heatmap", z: p.z, y: named, x: p.x,
          colorscale: scale(), zmin: 0, zmax: 100, xgap: gap(weeks), ygap: 2, showscale: weeks > 8, colorbar: { thickness: 8, outlinewidth: 0, ticksuffix: " %", tickfont: { color: colour("soft"), size: 11 } },
          hovertemplate: "registered in the week of %{y}<br>%{z} % play %{x} weeks later<extra></extra>", hoverongaps: false,
        }, ...(weeks <= 8 ? [{
          type: "scatter", mode: "text", x: said.map(([x]) => x), y: said.map(([, y]) => y), text: said.map(([, , v]) => Math.round(v) + " %"),
          textfont: { size: 12, color: said.map(([, , v]) => legible(v / 100)) }, hoverinfo: "skip",
        }] : [])],
        layout({ showlegend: false, height: Math.max(220, 90 + 34 * p.y.length), xaxis: { title: { text: "weeks after registration" }, ...(weeks <= 8 ? { dtick: 1 } : { tickformat: "d", tickangle: 0 }), showgrid: false, zeroline: false }, yaxis: { type: "category", autorange: "reversed", showgrid: false } }),
      ];
    },
    matching: (p) => [
      [
        { name: "artist known", ...line(p.x, p.artist, { color: colour("soft"), width: 2 }) },
        { name: "song known", ...line(p.x, p.song, { color: colour("main"), width: 2.5 }) },
      ].map((one) => ({ cliponaxis: false, hovertemplate: "%{y:.1f} %", ...one })),
      layout({ hovermode: "x unified", xaxis: dates(p), yaxis: { title: { text: "share of the plays" }, ticksuffix: " %", range: [0, 100], dtick: 25, showline: false } }),
    ],
  };

  drawings.series = (p) => [
    [
      { ...line(p.x, p.y, { color: colour("main"), width: 2.5 }), hovertemplate: "%{y:,} " + plain(p.unit) + "<extra></extra>" },
      ...(p.part?.length ? [{ type: "scatter", mode: "markers", x: p.part, y: p.part.map((x) => p.y[p.x.indexOf(x)]), cliponaxis: false, marker: { size: 11, color: colour("card"), line: { width: 2.5, color: colour("main") } }, hovertemplate: "not wholly in the log<extra></extra>" }] : []),
    ],
    layout({ showlegend: false, hovermode: "x unified", xaxis: { ...dates(p), title: { text: clock } }, yaxis: { ...counts(plain(p.unit), p.y), dtick: undefined } }),
  ];

  drawings.grid = (p) => [
    [{
      ...heat(p.z, p.unit), x: p.x, y: p.y.map(plain), hoverongaps: false,
      hovertemplate: "%{y}, " + plain(p.axis) + " %{x}<br>%{z:,} " + plain(p.unit) + "<extra></extra>",
    }],
    layout({
      height: Math.max(220, 90 + 28 * p.y.length), xaxis: { title: { text: plain(p.axis) }, showgrid: false, zeroline: false, ...(p.x.length <= 12 ? { dtick: 1 } : { nticks: 12, tickformat: "d" }) },
      yaxis: { type: "category", autorange: "reversed", showgrid: false },
    }),
  ];

  function upAndDown(p) {
    const high = Math.max(...p.up, 1), low = Math.min(...p.down.map((n, i) => n + (p.end[i] || 0)), 0);
    const size = 10 ** Math.max(0, Math.floor(Math.log10((high - low) / 5)));
    const step = size * [1, 2, 5, 10].find((n) => 5 * n * size >= high - low);
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
    return { tickvals: ticks, ticktext: ticks.map((tick) => number.format(Math.abs(tick))), showline: false };
  }

  // ---- a picture as a file -------------------------------------------------------------------------

  // Pictures made of text and boxes, as plotly draws them. A row is known by its place: two may have one name.
  const rowsAcross = (names, traces, more) => [
    traces.map((one) => ({ type: "bar", orientation: "h", y: names.map((_, n) => n), textfont: { size: 12 }, cliponaxis: false, ...one })),
    layout({
      height: 40 + 34 * names.length, barmode: "stack", xaxis: { visible: false },
      yaxis: { autorange: "reversed", showgrid: false, zeroline: false, tickvals: names.map((_, n) => n), ticktext: names.map((name) => plain(name.length > 50 ? name.slice(0, 49) + "…" : name)) }, ...more,
    }),
  ];
  const filed = {
    ...drawings,
    bars: (p) => rowsAcross(p.rows.map(([name, aside]) => name + (aside ? " · " + aside : "")), [{
      x: p.rows.map((row) => row[2]), text: p.rows.map((row) => number.format(row[2]) + (row[3] ? ` (${row[3]})` : "")), textposition: "outside", marker: { color: p.rows.map((row) => colour(row[2] < 0 ? "second" : "main")) },
    }]),
    strips: (p) => rowsAcross(p.rows.map(([name]) => capital(name)), Object.entries(KINDS).map(([word, kind]) => {
      const x = p.rows.map(([, parts]) => parts.find((part) => part[0] === word)?.[1] ?? 0);
      return x.some(Boolean) && { name: word, x, text: x.map((n) => (n ? number.format(n) : "")), marker: { color: colour(kind) } };
    }).filter(Boolean), { height: 220 }),
  };

  // With its title, and below that of what it is: where it goes there is no page around it.
  function save(id, picture) {
    const [data, form] = filed[picture.kind](picture);
    // The words after ; are about a comparison that the picture does not make.
    const period = picture.question && !picture.ofAllDays ? page.periods.find((one) => one.key === state.period) : null;
    const said = [document.querySelector("h1").textContent, period?.words.split(";")[0], period && state.level !== "all" && `only ${state.level} plays`];
    const named = ["sparkify", "answer" in page ? location.pathname.split("/").at(-1) : id, period?.first, period?.last, period && state.level !== "all" && state.level];
    const lines = picture.title.match(/.{1,72}(?:\s|$)|\S+/gu).map((line) => plain(line.trim()));
    const top = 64 + 24 * lines.length + (data.length > 1 ? 26 : 0);
    return Plotly.downloadImage({
      data,
      layout: {
        ...form, paper_bgcolor: colour("card"), margin: { l: 24, r: 24 + (picture.kind in drawings ? 0 : 90), t: top, b: 24 },
        title: { text: lines.join("<br>"), x: 0, xref: "container", xanchor: "left", yref: "container", y: 1, yanchor: "top", pad: { t: 6 + 14 * lines.length, l: 24 }, font: { size: 19, color: colour("ink") }, subtitle: { text: plain(said.filter(Boolean).join(" · ")), font: { size: 13, color: colour("soft") } } },
      },
    }, { format: "png", scale: 2, width: 960, height: form.height + top, filename: named.filter(Boolean).join("-") });
  }

  // ---- sections that fold: on a phone all but the first ----------------------------------------------

  const folds = [...document.querySelectorAll(".fold")];
  const phone = matchMedia("(max-width: 30rem)"), paper = matchMedia("print");

  function fold() {
    folds.forEach((one, n) => { one.open = n === 0 || paper.matches || !phone.matches || location.hash === "#" + one.id; });
  }

  // ---- the report ------------------------------------------------------------------------------------

  // The numbers of a chart as a table, for screen readers.
  const columns = (p, ...named) => [[p.step ?? p.axis ?? (p.kind === "hours" ? "hour" : "day"), ...named.map(([name]) => name)], p.x.map((x, i) => [x, ...named.map(([, y]) => y[i])])];
  const numbers = {
    days: (p) => columns(p, ...p.series),
    hours: (p) => columns(p, [p.unit, p.y]),
    columns: (p) => columns(p, [p.unit, p.y]),
    series: (p) => columns(p, [p.unit, p.y]),
    active: (p) => columns(p, ["listeners", p.daily], ["listeners in 30 days", p.monthly]),
    changes: (p) => columns(p, ["upgrades", p.up], ["downgrades", p.down.map(Math.abs)], ...(p.end.length ? [["cancellations", p.end.map(Math.abs)]] : [])),
    matching: (p) => columns(p, ["song known, %", p.song], ["artist known, %", p.artist]),
  };
  const cells = (p) => [["row", ...(p.x ?? p.z[0].keys())], p.z.map((row, i) => [p.y[i], ...row])];

  function asTable(picture) {
    const [head, rows] = (numbers[picture.kind] ?? cells)(picture);
    const line = (tag, row) => make("tr", "", ...row.map((value) => make(tag, "", String(value ?? "none"))));
    return make("div", "heard", make("table", "", make("caption", "", picture.title), make("thead", "", line("th", head)), make("tbody", "", ...rows.map((row) => line("td", row)))));
  }

  function show(id, picture) {
    const card = byId(id);
    if (!card || !picture) return;
    card.querySelector("h2, h3").textContent = picture.title;
    card.querySelector(".note").textContent = picture.note;
    if (card.closest(".fold:not([open])")) return; // it has no width to be drawn in yet
    const more = page.live && picture.question ? [leading(question(picture.question, picture.ofAllDays), "As a table")] : [];
    if (picture.kind in filed) {
      const png = make("button", "", "PNG");
      png.type = "button";
      png.setAttribute("aria-label", "Save as PNG: " + picture.title);
      png.addEventListener("click", () => save(id, picture));
      more.push(png);
    }
    card.querySelector(".more").replaceChildren(...more);
    card.classList.toggle("short", picture.kind === "nothing");
    const place = card.querySelector(".picture");
    const old = place.querySelector(".plot");
    if (picture.kind in drawings) {
      const plot = old || make("div", "plot");
      if (!old) place.replaceChildren(plot);
      const [traces, form] = drawings[picture.kind](picture);
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", picture.title);
      place.querySelector(".heard")?.remove();
      place.append(asTable(picture));
      if (!old) plot.dataset.room = place.clientHeight; // beside a card that is taller
      form.height = Math.max(form.height, Number(plot.dataset.room));
      Plotly.react(plot, traces, form, { displayModeBar: false, responsive: true });
      if (!old && page.live && picture.kind === "days")
        plot.on("plotly_click", ({ points: [{ x }] }) => location.assign(overview({ from: x, to: picture.step === "week" ? shifted(x, 6).slice(0, 10) : x })));
    } else {
      if (old) Plotly.purge(old);
      place.replaceChildren(...(picture.kind === "bars" ? [bars(picture)] : picture.kind === "strips" ? [strips(picture)] : []));
    }
  }

  function sums(found) {
    const [, truth] = found[0];
    const good = found.every(([, n]) => n === truth);
    const card = byId("sums");
    card.querySelector("h3").textContent = good
      ? `${number.format(truth)} ${truth === 1 ? "play" : "plays"}, counted ${found.length} ways: always the same`
      : "The pictures do not count the same plays";
    card.querySelector("ul").replaceChildren(...found.map(([name, n]) =>
      make("li", "", name, make("b", n === truth ? "good" : "bad", (n === truth ? "✓ " : "✕ ") + number.format(n)))));
  }

  function draw() {
    if ("answer" in page) { show("answer", page.answer); return; }
    if (page.trust) {
      if (page.trust.flow.length) flow(page.trust.flow);
      show("rejects", page.trust.rejects);
      show("missing", page.trust.missing);
    }
    if (!page.periods.length) return;
    const period = page.periods.find((one) => one.key === state.period);
    const view = page.views[`${state.period}-${state.level}`];
    const some = view.cards.length > 0;
    byId("words").textContent = period.words + (state.level === "all" ? "" : `, only ${state.level} plays`);
    byId("nobody").hidden = some;
    byId("pictures").hidden = !some;
    for (const id of ["cards", "sums", "matching"]) byId(id)?.toggleAttribute("hidden", !some);
    for (const button of document.querySelectorAll(".switch button"))
      button.setAttribute("aria-checked", String(button.dataset.period === state.period || button.dataset.level === state.level));
    if (!some) return;
    cards(view.cards, period, view.silent);
    for (const [id, picture] of Object.entries(view.pictures)) show(id, picture);
    if (page.trust) sums(view.sums);
  }

  document.querySelector(".controls")?.addEventListener("click", (event) => {
    const { period, level: chosen } = event.target.dataset;
    if (period) state.period = period;
    if (chosen) state.level = chosen;
    if (!period && !chosen) return;
    history.pushState(null, "", `#${state.period}-${state.level}`);
    draw();
  });
  addEventListener("popstate", () => {
    const target = folds.find((one) => "#" + one.id === location.hash);
    if (target) target.open = true;
    readState();
    draw();
  });
  for (const one of folds) one.addEventListener("toggle", () => { if (one.open) draw(); });
  for (const media of [phone, paper]) media.addEventListener("change", fold);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  paper.addEventListener("change", draw);
  fold();
  draw();

  // A run that is published makes this page old.
  if (page.live && page.run !== undefined) setInterval(async () => {
    const answer = await fetch("/newest").catch(() => null);
    if (answer?.ok && (await answer.json()).run !== page.run) location.reload();
  }, 5000);
})();
