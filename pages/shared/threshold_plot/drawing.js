// What the plot looks like. `draw` lays everything out once per data, size and axis; `place` follows the hand and measures nothing.

const MARGIN = { left: 60, right: 12, top: 20 };
const BARS_HEIGHT = 164; // pixels of the highest bar
const TICK_ROW = 42; // pixels from the axis down to the first line of rules
const LABEL_ROOM = 76; // pixels between two numbers on the score axis
const VALUE_HALF = 34; // half the width of the cut-off's own number
const VALUE_ROOM = VALUE_HALF + 18; // pixels to either side of it where no other number stands
const BAND_ROOM = 64; // pixels that the name of the band needs
const FEW_ROWS = 30; // in the highest bar: fewer, and powers of ten alone would label almost nothing
const SMALLEST_COUNT = 0.5; // where the logarithmic count axis begins, so that a single row has a height
const SVG = "http://www.w3.org/2000/svg";

class Drawing {
  // `take` is told the rule whose tick was clicked.
  constructor(root, take) {
    this.root = root;
    this.area = this.find(".threshold-area");
    this.handle = this.find(".threshold-handle");
    this.rules = new Rules(root, take);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  // False where there is no room to draw in, as on a tab that is not shown.
  draw(data, axisName) {
    this.data = data;
    this.axisName = axisName;
    this.axis = data.distribution[axisName];
    this.width = this.area.clientWidth - MARGIN.left - MARGIN.right;
    this.height = BARS_HEIGHT;
    if (this.width <= 0) return false;
    this.base = MARGIN.top + this.height;
    this.toPixel = (value) => MARGIN.left + ((position(this.axis, value) - this.axis.low) / (this.axis.high - this.axis.low)) * this.width;
    this.gridPixels = data.distribution.grid.cut_offs.map(this.toPixel);
    this.drawColours();
    this.drawWords();
    this.drawBars();
    this.drawScoreAxis();
    const depth = this.rules.draw(data, this.toPixel, this.base + TICK_ROW, this.area.clientWidth);
    this.area.style.height = `${this.base + TICK_ROW + depth}px`;
    return true;
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

  // `held`: the hand has not let go yet.
  place(mark, held) {
    this.mark = mark;
    const x = Math.round(this.toPixel(this.mark.cut_off));
    const end = MARGIN.left + this.width;
    setAttributes(this.find("#threshold-below rect"), { x: 0, width: x, height: this.base + 2 });
    setAttributes(this.find("#threshold-above rect"), { x, width: Math.max(end - x, 0), height: this.base + 2 });
    setAttributes(this.find(".flagged-ground"), { x, y: MARGIN.top, width: Math.max(end - x, 0), height: this.height });
    this.handle.style.transform = `translateX(${x}px)`;
    this.handle.style.height = `${this.base + 6}px`;
    this.placeWords(x);
    this.placeBand(held);
    this.showFigures(held);
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
    const inside = Math.min(x, MARGIN.left + this.width + MARGIN.right - VALUE_HALF);
    value.style.transform = `translate(calc(${inside}px - 50%), ${this.base + 5}px)`;
  }

  // Where flags are borderline: known for the cut-off that Python knows, so it goes while a hand moves the line.
  placeBand(held) {
    const { sure, current, texts } = this.data;
    const isKnown = Boolean(sure) && !held && this.mark.cut_off === current.cut_off;
    const isCounted = isKnown && sure.solid !== null;
    const words = isCounted ? { solid: count(sure.solid), borderline: count(sure.borderline) } : {};
    this.find(".sure-figure").textContent = isCounted ? fill(texts.sure, words) : "";
    const end = MARGIN.left + this.width;
    const band = isKnown && sure.band ? sure.band.map((value) => Math.min(Math.max(this.toPixel(value), MARGIN.left), end)) : [0, 0];
    const [left, right] = band.map((pixel) => Math.round(pixel) + 0.5);
    const isThere = right > left;
    setAttributes(this.find(".borderline-band"), { x: left, y: MARGIN.top, width: Math.max(right - left, 0), height: this.height });
    const edges = isThere ? `M${left} ${MARGIN.top}V${this.base}M${right} ${MARGIN.top}V${this.base}` : "";
    this.find(".borderline-edges").setAttribute("d", edges);
    const x = this.toPixel(this.mark.cut_off); // the line parts the band: its name stands in the larger part
    const [from, to] = x - left > right - x ? [left, Math.min(x, right)] : [Math.max(x, left), right];
    const name = setAttributes(this.find(".borderline-name"), { x: (from + to) / 2, y: MARGIN.top + 14 });
    name.textContent = isThere && to - from > BAND_ROOM ? sure.name : "";
  }

  showFigures(held) {
    const { texts, distribution } = this.data;
    const { cut_off, flagged } = this.mark;
    const { cut_offs } = distribution.grid;
    const words = { flagged: count(flagged), share: percent(flagged / distribution.rows), cut_off: score(cut_off) };
    this.find(".flagged-figure").textContent = fill(texts.readout, words);
    setAttributes(this.handle, {
      "aria-valuemin": cut_offs[0], "aria-valuemax": cut_offs[cut_offs.length - 1], "aria-valuenow": cut_off,
      "aria-valuetext": fill(texts.spoken, words),
    });
    this.find(".threshold-readout").setAttribute("aria-busy", String(held)); // spoken when the hand rests
    this.rules.press(cut_off);
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

  // What stands at a pixel of the window: the range of its bar, and the rows in it.
  describe(clientX) {
    const { low, high, counts } = this.axis;
    const share = (clientX - this.area.getBoundingClientRect().left - MARGIN.left) / this.width;
    const index = Math.floor(share * counts.length);
    const inside = index >= 0 && index < counts.length;
    const width = (high - low) / counts.length;
    const [from, to] = [index, index + 1].map((edge) => score(scoreAt(this.axis, low + edge * width)));
    this.find(".threshold-hover").textContent = inside ? fill(this.data.texts.bar, { from, to, rows: count(counts[index]) }) : "";
  }
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
