"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const chart = document.getElementById("chart");
  const find = (id) => document.getElementById(id);
  const DAY = 86400;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Between the runs nothing arrived: all is 0 there.
  const times = [], lines = data.series.map(() => []);
  const put = (number, values) => {
    times.push(number * data.step);
    lines.forEach((line, place) => line.push(values ? values[place] : 0));
  };
  let next = null;
  for (const [first, ...values] of data.runs) {
    if (next !== null && first > next) {
      put(next);
      if (first - 1 > next) put(first - 1);
    }
    if (next === null) put(first - 1);
    values[0].forEach((_, place) => put(first + place, values.map((row) => row[place])));
    next = first + values[0].length;
  }
  if (next !== null) put(next);
  const [start, end] = [times[0], times[times.length - 1]];
  const peak = lines[0].reduce((a, b) => Math.max(a, b), 0);
  const limit = data.threshold ?? 0;
  // A threshold far above all rates would leave nothing of them to see.
  const near = limit <= 4 * Math.max(peak, 1);

  const alarms = {
    drawClear: (u) => {
      const { ctx, bbox } = u;
      const least = 2 * devicePixelRatio;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      // A lane at the top shows every alarm, however short; the light band behind the
      // rate its true length.
      const lane = 8 * devicePixelRatio;
      for (const [from, , to] of data.alarms) {
        if (to < u.scales.x.min || from > u.scales.x.max) continue;
        const left = u.valToPos(from, "x", true), width = u.valToPos(to, "x", true) - left;
        ctx.fillStyle = css("--alarm-fill");
        ctx.fillRect(left, bbox.top, width, bbox.height);
        ctx.fillStyle = css("--alarm");
        ctx.fillRect(left, bbox.top, Math.max(width, least), lane);
      }
      ctx.restore();
    },
    setScale: (u, key) => { if (key === "x") tell(u); },
  };

  const linear = uPlot.paths.linear(), stepped = uPlot.paths.stepped({ align: 1 });
  const axis = (more) => ({
    stroke: () => css("--quiet"),
    grid: { stroke: () => css("--edge"), width: 1 },
    ticks: { stroke: () => css("--edge"), width: 1 },
    font: "13px system-ui, sans-serif",
    ...more,
  });
  // Step in seconds, the labels' form, and what stands below where the year, the day or
  // the minute changes: 24 hours and ISO 8601, as in the tables.
  const CLOCK = [
    [365 * DAY, "{YYYY}", null, null, null, null, null, null, 1],
    [28 * DAY, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [DAY, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{YYYY}-{MM}-{DD}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}", null, "\n{YYYY}-{MM}-{DD}", null, null, null, 1],
  ];
  const size = () => ({ width: chart.clientWidth, height: Math.max(260, Math.min(420, innerHeight * 0.5)) });
  const plot = new uPlot({
    ...size(),
    padding: [12, 40, 0, 0],
    tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), "Etc/UTC"),
    cursor: { drag: { x: true, y: false }, points: { size: 7 } },
    scales: { y: { range: (u, low, high) => [0, Math.max(high || 0, near ? limit : 0, 1) * 1.1] } },
    axes: [
      axis({ space: 70, values: CLOCK }),
      axis({ size: (u, labels) => 24 + 8 * Math.max(4, ...(labels ?? []).map((label) => label?.length ?? 0)), incrs: [1, 2, 5].flatMap((n) => [...Array(13).keys()].map((p) => n * 10 ** p)).sort((a, b) => a - b) }),
    ],
    series: [
      { label: "Time", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
      ...data.series.map(({ label, colour }, place) => ({
        label, width: place ? 1.5 : 1, stroke: () => css(`--${colour}`), points: { show: false },
        fill: place ? undefined : () => css(`--${colour}-fill`),
        paths: (u, series, first, last) => (last - first > 4000 ? linear : stepped)(u, series, first, last),
      })),
      ...("threshold" in data ? [{
        label: "Threshold", class: "threshold", width: 2, dash: [8, 5], stroke: () => css("--threshold"),
        points: { show: false }, auto: false,
      }] : []),
    ],
    hooks: { drawClear: [alarms.drawClear], setScale: [alarms.setScale] },
  }, [times, ...lines, ...("threshold" in data ? [times.map(() => limit)] : [])], chart);

  function show(from, to) {
    const width = Math.max(Math.min(to - from, end - start), 20 * data.step);
    // What is shorter than the window that was asked for is shown whole, what is too short in the middle.
    if (to - from >= end - start) from = start;
    else from -= Math.max(width - (to - from), 0) / 2;
    if (from < start) from = Math.max(from, Math.floor(start / DAY) * DAY);
    if (from + width > end) from = Math.min(from, Math.ceil(end / DAY) * DAY - width);
    plot.setScale("x", { min: from, max: Math.max(from + width, from + 1) });
  }
  function time(second) {
    return new Date(second * 1e3).toISOString().slice(0, 19).replace("T", " ");
  }
  function tell(u) {
    const { min, max } = u.scales.x;
    const from = u.valToIdx(min);
    let to = from;
    while (to < times.length && times[to] <= max) to++;
    const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
    const words = data.series.map(({ label, noun }, place) => {
      const shown = lines[place].slice(from, to);
      if (noun) return counted(shown.reduce((a, b) => a + b, 0), noun);
      return `highest ${label.toLowerCase()} ${shown.reduce((a, b) => Math.max(a, b), 0).toLocaleString("en")}`;
    });
    if ("threshold" in data) words.push(counted(data.alarms.filter(([first, , last]) => first <= max && last >= min).length, "alarm"));
    find("shown").textContent = `Shown: ${time(min)} to ${time(max)}, ${words.join(", ")}.`;
    find("day").value = max - min <= DAY + 1 ? time((min + max) / 2).slice(0, 10) : "";
  }
  function scaled(factor) {
    const { min, max } = plot.scales.x, middle = (min + max) / 2, half = (max - min) / 2 * factor;
    show(middle - half, middle + half);
  }
  function moved(by) {
    const { min, max } = plot.scales.x;
    show(min + (max - min) * by, max + (max - min) * by);
  }

  find("whole").addEventListener("click", () => show(start, end));
  find("earlier").addEventListener("click", () => moved(-1));
  find("later").addEventListener("click", () => moved(1));
  find("closer").addEventListener("click", () => scaled(0.5));
  find("wider").addEventListener("click", () => scaled(2));
  find("day").addEventListener("change", (event) => {
    const day = event.target.valueAsNumber / 1e3;
    if (Number.isFinite(day)) show(day, day + DAY);
  });
  document.querySelectorAll("button[data-from]").forEach((button) => button.addEventListener("click", () => {
    const [from, to] = [Number(button.dataset.from), Number(button.dataset.to)];
    const margin = Math.max(to - from, Math.min(1800, (end - start) / 8));
    show(from - margin, to + margin);
    chart.scrollIntoView({ block: "center" });
  }));
  new ResizeObserver(() => { if (chart.clientWidth !== plot.width) plot.setSize(size()); }).observe(chart);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  tell(plot);
})();
