// Lets a hand zoom and pan. It moves at once what is here already; finer buckets are asked of Python when the hand rests.

const FEWEST_STEPS = 8; // that can be zoomed into
const PAUSE_MS = 120; // of the hand, before Python is asked
const PATIENCE_MS = 3000; // for an answer, before it is asked again
const WHEEL_STEP = 0.0022; // of a logarithm for each pixel of the wheel
const LINE = 32; // pixels of a wheel that counts in lines
const KEY_ZOOM = 1.6;
const KEY_PAN = 0.12; // of what is shown
const CLICK_ROOM = 4; // pixels that a hand may tremble in a click

const plots = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!plots.has(parentElement)) plots.set(parentElement, new SeriesPlot(parentElement.querySelector(".series-plot")));
  plots.get(parentElement).update(component);
  return () => {
    plots.get(parentElement)?.close();
    plots.delete(parentElement);
  };
}

class SeriesPlot {
  constructor(root) {
    this.root = root;
    this.drawing = new Drawing(root);
    this.area = this.drawing.area;
    this.strip = this.drawing.strip;
    this.pointer = null;
    this.drag = null;
    this.frame = null;
    this.timer = null;
    this.asked = { count: 0, at: 0 };
    this.listen();
    this.resizing = new ResizeObserver(() => this.data && this.layOut());
    this.resizing.observe(this.area);
  }

  close() {
    this.resizing.disconnect();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  // ── what Python says ──

  update({ data: bytes, setStateValue, setTriggerValue }) {
    const before = this.data;
    const data = unpack(bytes);
    Object.assign(this, { data, setStateValue, setTriggerValue });
    const isOther = before?.series !== data.series || String(before.shown) !== String(data.shown);
    if (isOther) this.takeView();
    if (isOther || data.asked >= this.asked.count) this.asked.at = 0;
    this.layOut();
    this.ask();
  }

  takeView() {
    const [start, stop] = this.data.visible;
    this.asked.count = Math.max(this.asked.count, this.data.asked);
    this.drag = null;
    this.view = this.bounded(start, stop);
  }

  layOut() {
    this.isLaidOut = this.drawing.layOut(this.data);
    if (this.isLaidOut) this.drawNow();
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (!this.isLaidOut || !this.data.steps) return;
    const range = this.drag?.kind === "range" ? [this.drag.from, this.drag.to].sort((one, other) => one - other) : null;
    this.drawing.draw(this.view, this.pointer, range);
    const { start, stop } = this.view;
    Object.assign(this.root.dataset, { start: Math.round(start), stop: Math.round(stop), finest: this.data.fine.width, answered: this.data.asked });
  }

  // ── asking for more ──

  // True where finer buckets, or more of them to either side, would show more than those that are here.
  get isWanting() {
    const { fine, steps, budget } = this.data;
    const { start, stop } = this.view;
    const room = (budget.margin / 2) * (stop - start);
    const reaches = fine.start <= Math.max(start - room, 0) && fine.stop >= Math.min(stop + room, steps);
    const least = Math.max(Math.ceil(Math.min((stop - start) * (1 + 2 * budget.margin), steps) / (budget.buckets - 1)), 1);
    const wanted = least <= budget.unit ? least : Math.ceil(least / budget.unit) * budget.unit;
    return !reaches || fine.width > wanted;
  }

  ask() {
    clearTimeout(this.timer);
    if (!this.isWanting) return;
    this.timer = setTimeout(() => (this.isWaiting ? this.ask() : this.tell()), PAUSE_MS);
  }

  get isWaiting() {
    return this.asked.at !== 0 && performance.now() - this.asked.at < PATIENCE_MS;
  }

  tell() {
    const { series, shown } = this.data;
    this.asked = { count: this.asked.count + 1, at: performance.now() };
    const [start, stop] = [Math.floor(this.view.start), Math.ceil(this.view.stop)];
    this.setStateValue("view", { series, shown, start, stop, count: this.asked.count });
  }

  // ── moving ──

  bounded(start, stop) {
    const { steps } = this.data;
    const span = Math.min(Math.max(stop - start, FEWEST_STEPS), steps);
    const low = Math.min(Math.max((start + stop - span) / 2, 0), steps - span);
    return { start: low, stop: low + span };
  }

  show(start, stop) {
    this.view = this.bounded(start, stop);
    this.draw();
    this.ask();
  }

  // Zooms so that what lies at `place` stays where it is.
  zoom(factor, place) {
    const { start, stop } = this.view;
    const span = Math.min(Math.max((stop - start) * factor, FEWEST_STEPS), this.data.steps);
    const share = (place - start) / (stop - start);
    this.showFrom(place - share * span, span);
  }

  showFrom(start, span) {
    const low = Math.min(Math.max(start, 0), this.data.steps - span);
    this.show(low, low + span);
  }

  pan(places) {
    this.showFrom(this.view.start + places, this.view.stop - this.view.start);
  }

  showAll() {
    this.show(0, this.data.steps);
  }

  get middle() {
    return (this.view.start + this.view.stop) / 2;
  }

  // ── the hand ──

  listen() {
    this.area.addEventListener("wheel", (event) => this.roll(event), { passive: false });
    this.area.onpointerdown = (event) => this.grab(event);
    this.area.onpointermove = (event) => this.follow(event);
    this.area.onpointerup = (event) => this.drag && this.release(event);
    this.area.onpointercancel = () => this.letGo();
    this.area.onpointerleave = () => { this.pointer = null; this.draw(); };
    this.area.ondblclick = (event) => { if (!this.isOnFlagged(this.pixel(event))) this.showAll(); };
    this.area.onkeydown = (event) => this.press(event);
    this.strip.onpointerdown = (event) => this.grabStrip(event);
    this.strip.onpointermove = (event) => this.strip.hasPointerCapture(event.pointerId) && this.followStrip(event);
    this.drawing.find(".series-whole").onclick = () => this.showAll();
  }

  pixel({ clientX }) {
    return clientX - this.area.getBoundingClientRect().left;
  }

  inside(pixel) {
    const { left, right } = this.drawing.edges();
    return Math.min(Math.max(pixel, left), right);
  }

  isOnFlagged(pixel) {
    const bucket = this.data.selectable ? this.drawing.bucketAt(pixel) : null;
    return Boolean(bucket?.piece.flagged?.[bucket.index]);
  }

  // A page must still scroll past the plot: what cannot be zoomed out further leaves the wheel to it.
  roll(event) {
    const unit = event.deltaMode === 0 ? 1 : LINE;
    const [across, along] = [event.deltaX * unit, event.deltaY * unit];
    const { start, stop } = this.view;
    const isAll = stop - start >= this.data.steps;
    if (isAll && along >= 0) return;
    event.preventDefault();
    if (Math.abs(across) > Math.abs(along)) return this.pan(across / this.drawing.scale);
    const factor = Math.exp(along * WHEEL_STEP * (event.ctrlKey ? 4 : 1));
    return this.zoom(Math.min(Math.max(factor, 0.2), 5), this.drawing.placeAt(this.inside(this.pixel(event))));
  }

  grab(event) {
    if (event.button !== 0) return;
    this.area.setPointerCapture(event.pointerId);
    const from = this.inside(this.pixel(event));
    this.drag = { kind: event.shiftKey ? "pan" : "click", from, to: from, start: this.view.start };
    this.area.classList.toggle("panning", event.shiftKey);
  }

  follow(event) {
    const pixel = this.pixel(event);
    this.pointer = pixel;
    this.area.classList.toggle("on-flagged", !this.drag && this.isOnFlagged(pixel));
    if (this.drag?.kind === "pan") {
      this.showFrom(this.drag.start - (pixel - this.drag.from) / this.drawing.scale, this.view.stop - this.view.start);
    } else if (this.drag) {
      this.drag.to = this.inside(pixel);
      if (Math.abs(this.drag.to - this.drag.from) > CLICK_ROOM) this.drag.kind = "range";
    }
    this.draw();
  }

  release(event) {
    const { kind, from, to } = this.drag;
    this.letGo();
    if (kind === "range") {
      const [start, stop] = [from, to].map((pixel) => this.drawing.placeAt(pixel)).sort((one, other) => one - other);
      this.show(start, stop);
    } else if (kind === "click" && event.detail < 2) this.select(from);
  }

  letGo() {
    this.drag = null;
    this.area.classList.remove("panning");
    this.draw();
  }

  select(pixel) {
    if (!this.isOnFlagged(pixel)) return;
    const { start, stop } = this.drawing.bucketAt(pixel);
    this.setTriggerValue("selected", [start, stop]);
  }

  grabStrip(event) {
    if (event.button !== 0) return;
    const place = this.stripPlace(event);
    const { start, stop } = this.view;
    const isInside = place >= start && place <= stop;
    this.strip.setPointerCapture(event.pointerId);
    this.stripGrip = isInside ? place - start : (stop - start) / 2;
    this.followStrip(event);
  }

  followStrip(event) {
    this.showFrom(this.stripPlace(event) - this.stripGrip, this.view.stop - this.view.start);
  }

  stripPlace({ clientX }) {
    const { left } = this.strip.getBoundingClientRect();
    return ((clientX - left - SIDE.left) / this.drawing.width) * this.data.steps;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const span = this.view.stop - this.view.start;
    const act = {
      ArrowLeft: () => this.pan(-KEY_PAN * span), ArrowRight: () => this.pan(KEY_PAN * span),
      PageUp: () => this.pan(-span), PageDown: () => this.pan(span),
      "+": () => this.zoom(1 / KEY_ZOOM, this.middle), "=": () => this.zoom(1 / KEY_ZOOM, this.middle), "-": () => this.zoom(KEY_ZOOM, this.middle),
      Home: () => this.showAll(), Escape: () => this.letGo(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
