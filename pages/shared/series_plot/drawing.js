// What the plot looks like. All of it is painted anew in every frame: at most about a thousand buckets a lane, however long the series.

const SIDE = { left: 64, right: 12 };
const ROW = 13; // pixels of a row of marks above the lanes
const BAR = 4; // … and of the bars in it
const MARK_ROW = 20;
const HEAD = 20; // the name of a lane, above it
const LANE_HEIGHTS = [190, 124, 96, 80, 72, 66]; // with one lane, two, …
const SCORE_HEIGHT = 84;
const AXIS = 26; // below the lanes
const TICK_ROOM = 96; // pixels between two labels of time
const TICK_GAP = 10; // … and at least between their ends
const LANE_TICK_ROOM = 26;
const BAND_LEAST = 1.4; // pixels that a band is high where its lowest and highest value are one
const FEWEST_TICKS = 2; // of a lane
const POINT_ROOM = 9; // pixels between two steps from which on each is marked with a dot
const STRIP_HEIGHT = 34;

class Drawing {
  constructor(root) {
    this.root = root;
    this.area = this.find(".series-area");
    this.canvas = this.find(".series-canvas");
    this.strip = this.find(".series-strip");
    this.names = this.find(".series-names");
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  // Lays out what does not change as one zooms. False where there is no room to draw in, as on a tab that is not shown.
  layOut(data) {
    this.data = data;
    this.width = this.area.clientWidth - SIDE.left - SIDE.right;
    if (this.width <= 0) return false;
    this.timeAxis = new TimeAxis(data);
    this.takeColours();
    const heads = this.placeLanes();
    this.area.style.height = `${this.base + AXIS}px`;
    fitCanvas(this.canvas, this.area.clientWidth, this.base + AXIS);
    fitCanvas(this.strip, this.area.clientWidth, STRIP_HEIGHT);
    this.drawWords(heads);
    return true;
  }

  takeColours() {
    for (const [meaning, shades] of Object.entries(this.data.colours)) {
      for (const [scheme, colour] of Object.entries(shades)) this.root.style.setProperty(`--${meaning}-${scheme}`, colour);
    }
    const style = getComputedStyle(this.root);
    const [red, green, blue] = style.backgroundColor.match(/[\d.]+/g).map(Number);
    const scheme = 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
    this.root.classList.toggle("dark", scheme === "dark");
    const { normal, flagged, accent } = this.data.colours;
    this.colours = {
      normal: normal[scheme], flagged: flagged[scheme], accent: accent[scheme], ink: style.color, ground: style.backgroundColor,
    };
    this.font = `11px ${style.fontFamily}`;
  }

  placeLanes() {
    const { names, marks, cut_off: cutOff, has_labels: hasLabels, score_axis: scoreAxis } = this.data;
    let y = 4;
    this.rows = {};
    const row = (name, isThere, height) => { if (isThere) { this.rows[name] = y; y += height; } };
    row("marks", marks.length > 0, MARK_ROW);
    row("labelled", hasLabels, ROW);
    row("flagged", cutOff !== null, ROW);
    this.top = y;
    const height = LANE_HEIGHTS[Math.min(Math.max(names.length, 1), LANE_HEIGHTS.length) - 1];
    const place = (tall) => { const lane = { head: y, top: y + HEAD, height: tall, bottom: y + HEAD + tall }; y = lane.bottom + 4; return lane; };
    this.lanes = names.map(() => place(height));
    this.scoreLane = scoreAxis ? place(SCORE_HEIGHT) : null;
    this.base = y;
    return [...this.lanes, ...(this.scoreLane ? [this.scoreLane] : [])];
  }

  drawWords(heads) {
    const { texts, names, score_axis: scoreAxis, score_name: scoreName, cut_off: cutOff } = this.data;
    const scoreTitle = scoreAxis?.logarithmic ? fill(texts.log, { score: scoreName }) : scoreName;
    const titles = [...names, scoreTitle];
    this.heads = heads.map((lane, index) => laneHead(lane, titles[index], this.width));
    const rowNames = ["labelled", "flagged"].filter((name) => name in this.rows).map((name) => rowName(texts[name], this.rows[name]));
    this.names.replaceChildren(...this.heads.map(({ element }) => element), ...rowNames);
    const legend = { actual: this.data.has_expected, expected: this.data.has_expected, "cut-off": cutOff !== null };
    const words = { actual: texts.actual, expected: texts.expected, "cut-off": cutOff === null ? "" : fill(texts.cut_off, { cut_off: score(cutOff) }) };
    for (const [name, isShown] of Object.entries(legend)) {
      const part = this.find(`.legend-${name}`);
      part.hidden = !isShown;
      part.querySelector("span").textContent = words[name];
    }
    this.find(".series-whole").textContent = texts.whole;
    this.find(".series-hint").textContent = this.data.selectable ? `${texts.hint}  ·  ${texts.select}` : texts.hint;
    const said = { columns: names.join(", "), score: scoreName, steps: count(this.data.steps), cut_off: cutOff === null ? "" : score(cutOff) };
    this.area.setAttribute("aria-label", fill(cutOff === null ? texts.alt : texts.alt_scores, said));
  }

  // ── one frame ──

  // `view` is the range of places shown; `pointer` the pixel where the pointer rests, or null; `range` what a drag has taken so far.
  draw(view, pointer, range) {
    this.view = view;
    this.scale = this.width / (view.stop - view.start);
    const pen = this.pen(this.canvas);
    const { left, right } = this.edges();
    this.parts = this.visibleParts();
    this.drawShading(pen);
    this.lanes.forEach((lane, index) => this.drawLane(pen, lane, index));
    if (this.scoreLane) this.drawScores(pen);
    this.drawRows(pen);
    if (range) this.paint(pen, "accent", 0.16, () => pen.fillRect(range[0], this.top, range[1] - range[0], this.base - this.top));
    const covered = this.drawPointer(pen, pointer !== null && pointer >= left && pointer <= right ? pointer : null);
    this.drawTimes(pen, covered);
    this.drawStrip();
    this.sayRange();
  }

  pen(canvas) {
    const ratio = Number(canvas.dataset.ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.font = this.font;
    pen.lineJoin = "round";
    return pen;
  }

  edges() {
    return { left: SIDE.left, right: SIDE.left + this.width };
  }

  x(place) {
    return SIDE.left + (place - this.view.start) * this.scale;
  }

  placeAt(pixel) {
    return this.view.start + (pixel - SIDE.left) / this.scale;
  }

  // The fine buckets where there are any, the coarse ones of the whole series beside them.
  visibleParts() {
    const { fine, coarse } = this.data;
    const parts = [];
    const add = (piece, from, to) => {
      const [low, high] = [Math.max(from, this.view.start), Math.min(to, this.view.stop)];
      if (low < high) parts.push({ piece, low, high, ...bucketsBetween(piece, low, high) });
    };
    add(coarse, 0, fine.start);
    add(fine, fine.start, fine.stop);
    add(coarse, fine.stop, coarse.stop);
    return parts;
  }

  paint(pen, colour, alpha, act) {
    pen.globalAlpha = alpha;
    pen.fillStyle = pen.strokeStyle = this.colours[colour];
    act();
    pen.globalAlpha = 1;
  }

  clipped(pen, lane, { low, high }, act) {
    pen.save();
    pen.beginPath();
    pen.rect(this.x(low), lane.top - 2, this.x(high) - this.x(low), lane.height + 4);
    pen.clip();
    act();
    pen.restore();
  }

  // Runs of buckets that are flagged (or labelled), in pixels.
  runs(name) {
    const found = [];
    for (const { piece, first, last } of this.parts) {
      const flags = piece[name];
      for (let index = first; flags && index < last; index += 1) {
        if (!flags[index]) continue;
        const from = index;
        while (index < last && flags[index]) index += 1;
        found.push(this.pixelsOf(piece.start + from * piece.width, Math.min(piece.start + index * piece.width, piece.stop)));
      }
    }
    return found.filter(([from, to]) => to > from);
  }

  pixelsOf(start, stop) {
    const { left, right } = this.edges();
    const [from, to] = [Math.max(this.x(start), left), Math.min(this.x(stop), right)];
    return to >= from && to - from < 1.5 ? [from, from + 1.5] : [from, to];
  }

  drawShading(pen) {
    this.paint(pen, "flagged", 0.13, () => {
      for (const [from, to] of this.runs("flagged")) for (const { top, height } of this.allLanes()) pen.fillRect(from, top, to - from, height);
    });
    for (const [start, stop] of this.data.marks) {
      const [from, to] = this.pixelsOf(start, stop);
      if (to <= from) continue;
      this.paint(pen, "accent", 0.1, () => { for (const { top, height } of this.allLanes()) pen.fillRect(from, top, to - from, height); });
    }
  }

  allLanes() {
    return this.scoreLane ? [...this.lanes, this.scoreLane] : this.lanes;
  }

  drawRows(pen) {
    for (const [name, colour] of [["labelled", "ink"], ["flagged", "flagged"]]) {
      if (!(name in this.rows)) continue;
      const y = this.rows[name] + (ROW - BAR) / 2;
      this.paint(pen, "ink", 0.07, () => pen.fillRect(SIDE.left, y, this.width, BAR));
      this.paint(pen, colour, name === "labelled" ? 0.55 : 1, () => {
        for (const [from, to] of this.runs(name)) pen.fillRect(from, y, Math.max(to - from, 2), BAR);
      });
    }
    if ("marks" in this.rows) this.drawMarks(pen);
  }

  drawMarks(pen) {
    const y = this.rows.marks + MARK_ROW - 4;
    let taken = SIDE.left - 4;
    for (const [start, stop, label] of this.data.marks) {
      const [from, to] = this.pixelsOf(start, stop);
      if (to <= from) continue;
      this.paint(pen, "accent", 1, () => {
        pen.fillRect(from, y, to - from, 2);
        pen.fillRect(from, y, 1, 4);
        pen.fillRect(to - 1, y, 1, 4);
      });
      const half = pen.measureText(label).width / 2;
      const middle = Math.min(Math.max((from + to) / 2, SIDE.left + half), Math.max(SIDE.left + this.width - half, SIDE.left + half));
      if (middle - half < taken + 4) continue;
      taken = middle + half;
      this.write(pen, label, middle, y - 5, "center", 1, "accent");
    }
  }

  write(pen, text, x, y, align, alpha = 0.66, colour = "ink") {
    pen.textAlign = align;
    this.paint(pen, colour, alpha, () => pen.fillText(text, x, y));
  }

  // ── a lane ──

  drawLane(pen, lane, index) {
    const [low, high] = this.rangeOf(index);
    const axis = valueAxis(low, high, Math.max(2, Math.floor(lane.height / LANE_TICK_ROOM)));
    const y = (value) => lane.bottom - ((value - axis.low) / (axis.high - axis.low)) * lane.height;
    this.drawValueAxis(pen, lane, axis.ticks, apartLabels(axis.ticks), y);
    for (const part of this.parts) this.clipped(pen, lane, part, () => this.drawValues(pen, part, part.piece.lanes[index], y));
  }

  rangeOf(index) {
    let [low, high] = [Infinity, -Infinity];
    for (const { piece, first, last } of this.parts) {
      const { offset, low: lows, high: highs, expected } = piece.lanes[index];
      for (let bucket = first; bucket < last; bucket += 1) {
        if (offset + lows[bucket] < low) low = offset + lows[bucket];
        if (offset + highs[bucket] > high) high = offset + highs[bucket];
        if (expected && offset + expected[bucket] < low) low = offset + expected[bucket];
        if (expected && offset + expected[bucket] > high) high = offset + expected[bucket];
      }
    }
    return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : [0, 1];
  }

  drawValueAxis(pen, lane, ticks, labels, y) {
    ticks.forEach((tick, index) => {
      const at = Math.round(y(tick));
      this.paint(pen, "ink", 0.1, () => pen.fillRect(SIDE.left, at, this.width, 1));
      this.write(pen, labels[index], SIDE.left - 8, at + 4, "right");
    });
    this.paint(pen, "ink", 0.22, () => pen.fillRect(SIDE.left, lane.bottom, this.width, 1));
  }

  drawValues(pen, part, { offset, low, high, expected }, y) {
    const { piece } = part;
    const isRaw = piece.width === 1;
    const half = isRaw ? 0 : BAND_LEAST / 2;
    this.paint(pen, "normal", isRaw ? 1 : 0.85, () => {
      pen.lineWidth = 1.4;
      for (const [from, to] of known(part, low)) {
        pen.beginPath();
        for (let index = from; index < to; index += 1) pen.lineTo(this.middle(piece, index), y(offset + high[index]) - half);
        if (!isRaw) for (let index = to - 1; index >= from; index -= 1) pen.lineTo(this.middle(piece, index), y(offset + low[index]) + half);
        if (isRaw) pen.stroke();
        else pen.fill(); // without an outline, which would take as long to paint as all the rest
        if (to - from === 1 || (isRaw && this.scale > POINT_ROOM)) this.drawPoints(pen, piece, from, to, (index) => y(offset + high[index]));
      }
    });
    if (expected) this.drawExpected(pen, part, (index) => y(offset + expected[index]), expected);
  }

  drawPoints(pen, piece, from, to, y) {
    for (let index = from; index < to; index += 1) {
      pen.beginPath();
      pen.arc(this.middle(piece, index), y(index), 2, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  drawExpected(pen, part, y, expected) {
    this.paint(pen, "accent", 1, () => {
      pen.lineWidth = 1.3;
      pen.setLineDash([5, 3]);
      for (const [from, to] of known(part, expected)) {
        pen.beginPath();
        for (let index = from; index < to; index += 1) pen.lineTo(this.middle(part.piece, index), y(index));
        pen.stroke();
      }
      pen.setLineDash([]);
    });
  }

  middle(piece, index) {
    const start = piece.start + index * piece.width;
    return this.x((start + Math.min(start + piece.width, piece.stop)) / 2);
  }

  // ── the scores ──

  drawScores(pen) {
    const { score_axis: axis, cut_off: cutOff } = this.data;
    const lane = this.scoreLane;
    const ends = [axis.low, axis.high].map((value) => (axis.logarithmic ? Math.log10(value) : value));
    const room = (ends[1] - ends[0]) * 0.05;
    const scaled = { logarithmic: axis.logarithmic, offset: 0, low: axis.logarithmic ? ends[0] - room : ends[0], high: ends[1] + room };
    const y = (value) => lane.bottom - ((position(scaled, value) - scaled.low) / (scaled.high - scaled.low)) * lane.height;
    const ticks = labelled(scaled, lane.height, LANE_TICK_ROOM, y).map(({ value }) => value);
    this.drawValueAxis(pen, lane, ticks, ticks.map(score), y);
    for (const part of this.parts) {
      this.clipped(pen, lane, part, () => {
        for (const [from, to] of known(part, part.piece.scores)) this.drawScoreRun(pen, part.piece, from, to, y);
      });
    }
    if (cutOff !== null) this.paint(pen, "ink", 1, () => pen.fillRect(SIDE.left, Math.round(y(cutOff)), this.width, 1.5));
  }

  drawScoreRun(pen, piece, from, to, y) {
    const { bottom, top } = this.scoreLane;
    const line = new Path2D();
    for (let index = from; index < to; index += 1) line.lineTo(this.middle(piece, index), y(piece.scores[index]));
    const area = new Path2D(line);
    area.lineTo(this.middle(piece, to - 1), bottom);
    area.lineTo(this.middle(piece, from), bottom);
    const cut = this.data.cut_off === null ? top - 2 : y(this.data.cut_off);
    const draw = (colour, high, low) => {
      pen.save();
      pen.beginPath();
      pen.rect(0, high, SIDE.left + this.width, low - high);
      pen.clip();
      pen.lineWidth = 1.2;
      this.paint(pen, colour, 0.22, () => pen.fill(area));
      this.paint(pen, colour, 1, () => pen.stroke(line));
      pen.restore();
    };
    draw("normal", cut, bottom + 1);
    if (cut > top - 2) draw("flagged", top - 4, cut);
  }

  // ── time ──

  // `covered`: the pixels under the time of the pointer, where no other label stands.
  drawTimes(pen, covered) {
    const { left, right } = this.edges();
    let taken = left - 40;
    for (const { place, label, strong } of this.timeAxis.ticks(this.view.start, this.view.stop, this.width / TICK_ROOM)) {
      const x = Math.round(this.x(place));
      if (x < left || x > right) continue;
      this.paint(pen, "ink", 0.5, () => pen.fillRect(x, this.base - 3, 1, 4));
      const half = pen.measureText(label).width / 2;
      if (x - half < taken + TICK_GAP || x + half > right + SIDE.right) continue;
      taken = x + half;
      if (covered && x + half > covered[0] && x - half < covered[1]) continue;
      this.write(pen, label, x, this.base + 15, "center", strong ? 1 : 0.66);
    }
  }

  // ── what stands under the pointer ──

  // The finest bucket at a pixel, with its first step and the step after its last.
  bucketAt(pixel) {
    const place = this.placeAt(pixel);
    const part = this.parts?.find(({ low, high }) => place >= low && place < high);
    if (!part) return null;
    const { piece } = part;
    const index = Math.min(Math.floor((place - piece.start) / piece.width), piece.count - 1);
    const start = piece.start + index * piece.width;
    return { piece, index, start, stop: Math.min(start + piece.width, piece.stop) };
  }

  drawPointer(pen, pixel) {
    const bucket = pixel === null ? null : this.bucketAt(pixel);
    const pill = this.find(".series-time");
    pill.style.visibility = bucket ? "visible" : "hidden";
    this.heads.forEach((head, index) => this.sayValues(head, index, bucket));
    if (!bucket) return null;
    const x = Math.round(this.middle(bucket.piece, bucket.index));
    this.paint(pen, "ink", 0.45, () => pen.fillRect(x, this.top, 1, this.base - this.top));
    pill.textContent = bucket.stop - bucket.start === 1 ? this.timeText(bucket.start) : this.rangeText(bucket.start, bucket.stop - 1);
    const half = pill.offsetWidth / 2;
    const middle = Math.min(Math.max(x, half), this.area.clientWidth - half);
    pill.style.transform = `translate(${middle - half}px, ${this.base + 4}px)`;
    return [middle - half - TICK_GAP / 2, middle + half + TICK_GAP / 2];
  }

  timeText(step) {
    return this.timeAxis.text(this.timeAxis.at(step + 0.5));
  }

  rangeText(first, last) {
    const [from, to] = this.timeAxis.texts(this.timeAxis.at(first + 0.5), this.timeAxis.at(last + 0.5));
    return fill(this.timeAxis.isRows ? this.data.texts.rows : this.data.texts.range, { from, to });
  }

  sayValues({ actual, expected, flag }, index, bucket) {
    const { texts } = this.data;
    const lane = bucket?.piece.lanes[index];
    const scores = index === this.lanes.length ? bucket?.piece.scores : null;
    const at = bucket?.index;
    const number = (value) => (bucket.piece.width === 1 ? plainNumber(value) : score(value));
    const ends = lane && [lane.low[at] + lane.offset, lane.high[at] + lane.offset].map((value) => (Number.isFinite(value) ? number(value) : "–"));
    actual.textContent = scores ? (Number.isFinite(scores[at]) ? score(scores[at]) : "–") : !ends ? "" : ends[0] === ends[1] ? ends[0] : ends.join(" – ");
    const wanted = lane?.expected?.[at];
    expected.textContent = Number.isFinite(wanted) ? fill(texts.expected_value, { value: score(wanted + lane.offset) }) : "";
    flag.textContent = scores && bucket.piece.flagged?.[at] ? texts.flagged : "";
  }

  sayRange() {
    const { texts, steps } = this.data;
    const first = Math.floor(this.view.start);
    const last = Math.min(Math.ceil(this.view.stop), steps) - 1;
    const text = `${this.rangeText(first, last)}  ·  ${fill(texts.steps, { count: count(last - first + 1) })}`;
    const holder = this.find(".series-range");
    if (holder.textContent !== text) holder.textContent = text;
    this.find(".series-whole").hidden = last - first + 1 >= steps;
  }

  // ── the strip: where in the whole series this is ──

  drawStrip() {
    const { coarse, steps, score_axis: axis } = this.data;
    const pen = this.pen(this.strip);
    const pixel = (place) => SIDE.left + (place / steps) * this.width;
    this.paint(pen, "ink", 0.05, () => pen.fillRect(SIDE.left, 0, this.width, STRIP_HEIGHT));
    const [lows, highs] = axis ? [null, coarse.scores] : [coarse.lanes[0]?.low, coarse.lanes[0]?.high];
    this.paint(pen, "normal", 0.75, () => this.drawSilhouette(pen, lows, highs, pixel));
    this.paint(pen, "flagged", 1, () => {
      coarse.flagged?.forEach((flag, index) => {
        const start = coarse.start + index * coarse.width;
        if (flag) pen.fillRect(pixel(start), 0, Math.max(pixel(Math.min(start + coarse.width, steps)) - pixel(start), 2), BAR);
      });
    });
    const [from, to] = [pixel(this.view.start), pixel(this.view.stop)];
    const wide = Math.max(to - from, 3);
    this.paint(pen, "ground", 0.62, () => {
      pen.fillRect(SIDE.left, 0, from - SIDE.left, STRIP_HEIGHT);
      pen.fillRect(from + wide, 0, Math.max(SIDE.left + this.width - from - wide, 0), STRIP_HEIGHT);
    });
    pen.lineWidth = 1.5;
    this.paint(pen, "accent", 1, () => pen.strokeRect(from + 0.75, 0.75, wide - 1.5, STRIP_HEIGHT - 1.5));
  }

  drawSilhouette(pen, lows, highs, pixel) {
    const { coarse, score_axis: axis } = this.data;
    if (!highs) return;
    const scaled = axis?.logarithmic ? (value) => Math.log10(Math.max(value, axis.low)) : (value) => value;
    const finite = [...(lows ?? []), ...highs].filter(Number.isFinite).map(scaled);
    const low = axis ? scaled(axis.low) : Math.min(...finite);
    const span = Math.max(...finite) - low || 1;
    const y = (value) => STRIP_HEIGHT - 2 - ((scaled(value) - low) / span) * (STRIP_HEIGHT - 10);
    for (let index = 0; index < coarse.count; index += 1) {
      if (!Number.isFinite(highs[index])) continue;
      const start = coarse.start + index * coarse.width;
      const [left, right] = [pixel(start), pixel(Math.min(start + coarse.width, coarse.stop))];
      const [top, bottom] = [y(highs[index]), lows ? y(lows[index]) : STRIP_HEIGHT - 1];
      pen.fillRect(left, top, right - left + 0.3, Math.max(bottom - top, 1));
    }
  }
}

// ── parts ──

function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
  canvas.dataset.ratio = ratio;
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== tall) canvas.height = tall;
}

// The buckets in sight, with one more on either side for the lines that lead out of it.
function bucketsBetween(piece, low, high) {
  const first = Math.max(Math.floor((low - piece.start) / piece.width) - 1, 0);
  const last = Math.min(Math.ceil((high - piece.start) / piece.width) + 1, piece.count);
  return { first, last };
}

// Runs of buckets in sight that have a value: missing ones leave a gap.
function known({ first, last }, values) {
  const runs = [];
  for (let index = first; index < last; index += 1) {
    if (!Number.isFinite(values[index])) continue;
    const from = index;
    while (index < last && Number.isFinite(values[index])) index += 1;
    runs.push([from, index]);
  }
  return runs;
}

// An axis with a little room at both ends, and its round numbers. What is constant lies in its middle.
function valueAxis(low, high, wanted) {
  const room = high > low ? (high - low) * 0.06 : Math.abs(low) * 0.05 || 1;
  const axis = { low: low - room, high: high + room };
  let ticks = [];
  for (let more = 1; ticks.length < FEWEST_TICKS && more <= 4; more += 1) ticks = multiples(axis.low, axis.high, wanted * more);
  return { ...axis, ticks };
}

function laneHead({ head }, title, width) {
  const element = document.createElement("div");
  element.className = "lane-head";
  element.style.cssText = `left: ${SIDE.left}px; max-width: ${width}px; top: ${head + 2}px`;
  const [name, actual, expected, flag] = ["lane-name", "lane-actual", "lane-expected", "lane-flagged"].map((kind) => {
    const part = document.createElement("span");
    part.className = kind;
    return part;
  });
  name.textContent = title;
  element.append(name, actual, expected, flag);
  return { element, actual, expected, flag };
}

function rowName(text, top) {
  const element = document.createElement("span");
  element.className = "row-name";
  element.style.cssText = `top: ${top}px; width: ${SIDE.left - 8}px`;
  element.textContent = text;
  return element;
}
