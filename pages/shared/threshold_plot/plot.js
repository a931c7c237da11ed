// Draws the distribution of the scores and lets a hand move the cut-off. Everything the hand needs (bars, and a grid of
// cut-offs with their counts) is here already: only the release of the hand is told to Python.

const MARGIN = { left: 60, right: 12, top: 20, bottom: 64 };
const TICK_ROW = 42; // from the axis down to the row of rules
const LABEL_ROOM = 76; // pixels between two numbers on the score axis
const VALUE_ROOM = 44; // pixels to either side that the cut-off's own number keeps free
const PAGE_SHARE = 0.05; // of the grid, for Page Up and Page Down
const KEYBOARD_PAUSE_MS = 250; // a key held down is told once
const FEW_ROWS = 30; // in the highest bar: fewer, and powers of ten alone would label almost nothing
const SMALLEST_COUNT = 0.5; // where the logarithmic count axis begins, so that a single row has a height
const SVG = "http://www.w3.org/2000/svg";

const plots = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!plots.has(parentElement)) plots.set(parentElement, new ThresholdPlot(parentElement.querySelector(".threshold-plot")));
  plots.get(parentElement).update(component);
  return () => {
    plots.get(parentElement)?.close();
    plots.delete(parentElement);
  };
}

class ThresholdPlot {
  constructor(root) {
    this.root = root;
    this.area = this.find(".threshold-area");
    this.handle = this.find(".threshold-handle");
    this.axisName = null;
    this.told = null;
    this.drag = null;
    this.keyboardTimer = null;
    this.listen();
    this.resizing = new ResizeObserver(() => this.data && this.draw());
    this.resizing.observe(this.area);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  close() {
    this.resizing.disconnect();
    clearTimeout(this.keyboardTimer);
  }

  // ── what Python says ──

  update({ data, setTriggerValue }) {
    const before = this.data;
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    this.axisName ??= data.distribution.long_tailed ? "logarithmic" : "linear";
    this.mark = this.chosenMark(before);
    this.draw();
  }

  // Python's cut-off where it is news or the answer to our message: never while a hand holds the line, nor before Python has heard of
  // its release.
  chosenMark(before) {
    const { current, heard } = this.data;
    const news = before?.current.cut_off !== current.cut_off || (heard !== null && heard === this.told);
    if (news && this.drag) this.drag.before = current;
    return (news && !this.held) || this.mark.cut_off === current.cut_off ? current : this.mark;
  }

  get held() {
    return this.drag !== null || this.keyboardTimer !== null;
  }

  get axis() {
    return this.data.distribution[this.axisName];
  }

  markAt(index) {
    const { cut_offs, flagged, anomalies, normals } = this.data.distribution.grid;
    return { cut_off: cut_offs[index], flagged: flagged[index], anomalies: anomalies?.[index], normals: normals?.[index] };
  }

  // ── drawing: once per data, size and axis ──

  draw() {
    this.width = this.area.clientWidth - MARGIN.left - MARGIN.right;
    this.height = this.area.clientHeight - MARGIN.top - MARGIN.bottom;
    if (this.width <= 0) return;
    this.base = MARGIN.top + this.height;
    this.toPixel = (value) => MARGIN.left + ((position(this.axis, value) - this.axis.low) / (this.axis.high - this.axis.low)) * this.width;
    this.gridPixels = this.data.distribution.grid.cut_offs.map(this.toPixel);
    this.drawColours();
    this.drawWords();
    this.drawBars();
    this.drawScoreAxis();
    this.drawTicks();
    this.place();
  }

  drawColours() {
    for (const [meaning, shades] of Object.entries(this.data.colours)) {
      for (const [scheme, colour] of Object.entries(shades)) this.root.style.setProperty(`--${meaning}-${scheme}`, colour);
    }
    const [red, green, blue] = getComputedStyle(this.root).backgroundColor.match(/[\d.]+/g).map(Number);
    this.root.classList.toggle("dark", 0.299 * red + 0.587 * green + 0.114 * blue < 128);
  }

  drawWords() {
    const { texts, distribution } = this.data;
    const axisText = !this.axis.logarithmic ? "score_linear" : this.axis.offset ? "score_log_offset" : "score_log";
    this.find(".score-title").textContent = fill(texts[axisText], { score: this.data.score_name });
    this.find(".count-title").textContent = texts.rows_log;
    this.find(".anomaly-name").textContent = texts.labelled_anomalies;
    this.find(".threshold-legend").hidden = distribution.labelled_anomalies === null;
    this.find("svg").setAttribute("aria-label", fill(texts.alt, { rows: count(distribution.rows), score: this.data.score_name }));
    this.handle.setAttribute("aria-label", texts.cut_off);
    const names = { linear: texts.linear, logarithmic: texts.logarithmic };
    this.find(".threshold-axis-switch").setAttribute("aria-label", texts.axis);
    for (const button of this.root.querySelectorAll("[data-axis]")) {
      button.textContent = names[button.dataset.axis];
      button.setAttribute("aria-pressed", String(button.dataset.axis === this.axisName));
    }
  }

  drawBars() {
    const { counts, anomalies } = this.axis;
    const highest = Math.log10(Math.max(...counts, 1) / SMALLEST_COUNT);
    const toHeight = (rows) => Math.round(this.base - (Math.log10(rows / SMALLEST_COUNT) / highest) * this.height);
    for (const name of ["normal-bars", "flagged-bars", "flagged-hatch"]) {
      this.find(`.${name}`).setAttribute("d", this.silhouette(counts, toHeight));
    }
    this.find(".anomaly-bars").setAttribute("d", anomalies ? this.silhouette(anomalies, toHeight) : "");
    this.drawCountLines(Math.max(...counts), toHeight);
  }

  silhouette(counts, toHeight) {
    const edge = (index) => Math.round(MARGIN.left + (index / counts.length) * this.width);
    const bars = counts.map((rows, index) => (rows ? `M${edge(index)} ${this.base}V${toHeight(rows)}H${edge(index + 1)}V${this.base}Z` : ""));
    return bars.join("");
  }

  drawCountLines(most, toHeight) {
    const lines = this.find(".count-lines");
    lines.replaceChildren();
    const factors = most < FEW_ROWS ? [1, 2, 5] : [1];
    for (let power = 1; power <= most; power *= 10) {
      for (const rows of factors.map((factor) => factor * power).filter((value) => value <= most)) {
        const y = toHeight(rows);
        append(lines, "line", { x1: MARGIN.left, x2: MARGIN.left + this.width, y1: y, y2: y });
        append(lines, "text", { x: MARGIN.left - 8, y: y + 4 }).textContent = count(rows);
      }
    }
    setAttributes(this.find(".count-title"), { x: 0, y: MARGIN.top - 8 });
  }

  drawScoreAxis() {
    const labels = this.find(".score-labels");
    labels.replaceChildren();
    let path = `M${MARGIN.left} ${this.base}H${MARGIN.left + this.width}`;
    this.scoreLabels = labelled(this.axis, this.width, LABEL_ROOM, this.toPixel).map(({ value, pixel }) => {
      const x = Math.round(pixel);
      path += `M${x} ${this.base}v5`;
      const label = append(labels, "text", { x, y: this.base + 18 });
      label.textContent = score(value);
      return { x, label };
    });
    this.find(".score-axis").setAttribute("d", path);
  }

  drawTicks() {
    const holder = this.find(".threshold-ticks");
    const ticks = [...this.data.ticks].sort((one, other) => one.mark.cut_off - other.mark.cut_off);
    const known = new Map([...holder.children].map((button) => [button.dataset.rule, button]));
    const buttons = ticks.map((tick) => this.tickButton(tick, known.get(tick.rule)));
    const inPlace = buttons.length === holder.children.length && buttons.every((button, index) => holder.children[index] === button);
    if (!inPlace) holder.replaceChildren(...buttons); // left alone where nothing changed: moving a button takes its focus
    holder.classList.remove("narrow");
    let widths = buttons.map((button) => button.offsetWidth + 6);
    const total = widths.reduce((sum, width) => sum + width, 0);
    holder.classList.toggle("narrow", total > this.width + MARGIN.left);
    widths = buttons.map((button) => button.offsetWidth + 6);
    const anchors = ticks.map((tick) => Math.round(this.toPixel(tick.mark.cut_off)) + 0.5);
    const lefts = apart(anchors, widths, this.area.clientWidth);
    let leaders = "";
    buttons.forEach((button, index) => {
      button.style.transform = `translate(${Math.round(lefts[index])}px, ${this.base + TICK_ROW}px)`;
      const foot = Math.round(lefts[index] + (widths[index] - 6) / 2) + 0.5;
      leaders += `M${anchors[index]} ${this.base}V${this.base + 24}L${foot} ${this.base + TICK_ROW - 4}V${this.base + TICK_ROW}`;
    });
    this.find(".rule-leaders").setAttribute("d", leaders);
  }

  tickButton(tick, existing) {
    const button = existing ?? document.createElement("button");
    button.type = "button";
    button.className = "threshold-tick";
    button.dataset.rule = tick.rule;
    const rows = document.createElement("span");
    rows.textContent = count(tick.mark.flagged);
    button.replaceChildren(`${tick.label} `, rows);
    button.title = fill(this.data.texts.take_rule, { rule: tick.title, cut_off: score(tick.mark.cut_off), flagged: count(tick.mark.flagged) });
    button.setAttribute("aria-label", button.title);
    button.onclick = () => this.take(tick);
    return button;
  }

  // ── following the hand: every pointer move, so nothing is measured here ──

  place() {
    const x = Math.round(this.toPixel(this.mark.cut_off));
    const end = MARGIN.left + this.width;
    setAttributes(this.find("#threshold-below rect"), { x: 0, width: x, height: this.base + 2 });
    setAttributes(this.find("#threshold-above rect"), { x, width: Math.max(end - x, 0), height: this.base + 2 });
    setAttributes(this.find(".flagged-ground"), { x, y: MARGIN.top, width: Math.max(end - x, 0), height: this.height });
    this.handle.style.transform = `translateX(${x}px)`;
    this.handle.style.height = `${this.base + 6}px`;
    this.placeWords(x);
    this.showFigures();
  }

  placeWords(x) {
    const { below, above } = this.data.texts;
    const [normal, flagged, value] = [".side-below", ".side-above", ".threshold-value"].map((name) => this.find(name));
    normal.textContent = x > MARGIN.left + 90 ? `◂ ${below}` : "";
    flagged.textContent = x < MARGIN.left + this.width - 70 ? `${above} ▸` : "";
    setAttributes(normal, { x: x - 10, y: MARGIN.top - 7 });
    setAttributes(flagged, { x: x + 10, y: MARGIN.top - 7 });
    value.textContent = score(this.mark.cut_off);
    value.title = String(this.mark.cut_off);
    for (const { x: place, label } of this.scoreLabels) label.style.visibility = Math.abs(place - x) < VALUE_ROOM ? "hidden" : "";
    value.style.transform = `translate(calc(${x}px - 50%), ${this.base + 5}px)`;
  }

  showFigures() {
    const { texts, distribution, ticks } = this.data;
    const { cut_off, flagged } = this.mark;
    const { cut_offs } = distribution.grid;
    const words = { flagged: count(flagged), share: percent(flagged / distribution.rows), cut_off: score(cut_off) };
    this.find(".flagged-figure").textContent = fill(texts.readout, words);
    setAttributes(this.handle, {
      "aria-valuemin": cut_offs[0], "aria-valuemax": cut_offs[cut_offs.length - 1], "aria-valuenow": cut_off,
      "aria-valuetext": fill(texts.spoken, words),
    });
    this.find(".threshold-readout").setAttribute("aria-busy", String(this.held)); // spoken when the hand rests
    for (const button of this.root.querySelectorAll(".threshold-tick")) {
      const taken = ticks.some((tick) => tick.rule === button.dataset.rule && tick.mark.cut_off === cut_off);
      button.setAttribute("aria-pressed", String(taken));
    }
    this.showQuality();
  }

  showQuality() {
    const { texts, distribution } = this.data;
    const holder = this.find(".quality-figures");
    const { labelled_anomalies: all, labelled_rows: rows } = distribution;
    if (all === null) return holder.replaceChildren();
    const { anomalies, normals } = this.mark;
    const figures = [
      [texts.precision, ratio(anomalies, anomalies + normals)],
      [texts.recall, ratio(anomalies, all)],
      [texts.f1, all ? ratio(2 * anomalies, anomalies + normals + all) : "–"],
      [texts.chance, all ? ratio(all, rows) : "–"],
    ];
    holder.replaceChildren(...figures.map(([name, figure]) => {
      const line = document.createElement("span");
      const value = document.createElement("b");
      value.textContent = figure;
      line.append(`${name} `, value);
      return line;
    }));
  }

  // ── the hand ──

  listen() {
    this.area.onpointerdown = (event) => this.grab(event);
    this.area.onpointermove = (event) => (this.drag ? this.follow(event) : this.describe(event));
    this.area.onpointerup = () => this.drag && this.release();
    this.area.onpointercancel = () => this.drag && this.letGo();
    this.area.onpointerleave = () => { this.find(".threshold-hover").textContent = ""; };
    this.handle.onkeydown = (event) => this.press(event);
    this.handle.onblur = () => this.keyboardTimer && this.send();
    this.find(".threshold-axis-switch").onclick = ({ target }) => {
      if (!target.dataset.axis) return;
      this.axisName = target.dataset.axis;
      this.draw();
    };
  }

  grab(event) {
    const { left, top } = this.area.getBoundingClientRect();
    const onRules = event.clientY - top > this.base + TICK_ROW - 12; // a click that misses a rule moves nothing
    if (event.button !== 0 || onRules) return;
    event.preventDefault();
    this.area.setPointerCapture(event.pointerId);
    const onHandle = event.target.closest(".threshold-handle");
    const inHand = onHandle ? event.clientX - left - this.toPixel(this.mark.cut_off) : 0;
    this.drag = { left, inHand, before: this.mark };
    this.root.classList.add("dragging");
    this.handle.focus({ preventScroll: true, focusVisible: false });
    if (!onHandle) this.follow(event);
  }

  follow(event) {
    this.mark = this.markAt(nearest(this.gridPixels, event.clientX - this.drag.left - this.drag.inHand));
    this.place();
  }

  release() {
    const moved = this.mark.cut_off !== this.drag.before.cut_off;
    this.endDrag();
    if (moved) this.send();
    else this.place();
  }

  letGo() {
    this.mark = this.drag.before;
    this.endDrag();
    this.place();
  }

  endDrag() {
    this.drag = null;
    this.root.classList.remove("dragging");
  }

  press(event) {
    if (event.key === "Escape" && this.drag) return this.letGo();
    const { cut_offs } = this.data.distribution.grid;
    const page = Math.round(cut_offs.length * PAGE_SHARE);
    const steps = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page, Home: -cut_offs.length, End: cut_offs.length,
    }[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    event.preventDefault();
    const above = firstAbove(cut_offs, this.mark.cut_off);
    const onGrid = cut_offs[above - 1] === this.mark.cut_off;
    const from = steps > 0 || onGrid ? above - 1 : above;
    clearTimeout(this.keyboardTimer);
    this.keyboardTimer = setTimeout(() => this.send(), KEYBOARD_PAUSE_MS);
    this.mark = this.markAt(Math.min(Math.max(from + steps, 0), cut_offs.length - 1));
    return this.place();
  }

  take(tick) {
    this.mark = tick.mark;
    this.place();
    this.tell("rule", tick.rule);
  }

  tell(name, value) {
    this.told = value;
    this.setTriggerValue(name, value);
  }

  send() {
    clearTimeout(this.keyboardTimer);
    this.keyboardTimer = null;
    this.place();
    this.tell("cut_off", this.mark.cut_off);
  }

  describe(event) {
    const { low, high, counts } = this.axis;
    const share = (event.clientX - this.area.getBoundingClientRect().left - MARGIN.left) / this.width;
    const index = Math.floor(share * counts.length);
    const width = (high - low) / counts.length;
    const [from, to] = [index, index + 1].map((edge) => score(scoreAt(this.axis, low + edge * width)));
    const inside = index >= 0 && index < counts.length;
    this.find(".threshold-hover").textContent = inside ? fill(this.data.texts.bar, { from, to, rows: count(counts[index]) }) : "";
  }
}

// Left ends of boxes that stand as near as they can under their anchors without overlapping.
function apart(anchors, widths, room) {
  const lefts = anchors.map((anchor, index) => anchor - (widths[index] - 6) / 2);
  for (let index = 0; index < lefts.length; index += 1) {
    lefts[index] = Math.max(lefts[index], index ? lefts[index - 1] + widths[index - 1] : 0);
  }
  let end = room + 6;
  for (let index = lefts.length - 1; index >= 0; index -= 1) {
    lefts[index] = Math.min(lefts[index], end - widths[index]);
    end = lefts[index];
  }
  return lefts;
}

function setAttributes(element, values) {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
  return element;
}

function append(parent, name, values) {
  const element = setAttributes(document.createElementNS(SVG, name), values);
  parent.append(element);
  return element;
}
