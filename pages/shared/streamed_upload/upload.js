// A file is chosen or dropped in the page's own uploader. One that is too large for it is caught here, before the uploader sees it:
// Python is asked for a permit, the browser streams the file with it, and Python is told when that has ended.

const SPEED_MS = 3000; // the pace is that of the last seconds

const uploads = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!uploads.has(parentElement)) uploads.set(parentElement, new StreamedUpload(parentElement.querySelector(".streamed-upload")));
  uploads.get(parentElement).update(component);
  return () => {
    uploads.get(parentElement)?.close();
    uploads.delete(parentElement);
  };
}

class StreamedUpload {
  constructor(root) {
    this.root = root;
    this.number = Date.now();
    this.wish = null; // the file Python was asked about, with its number
    this.sending = null;
    this.catchChoice = (event) => this.caught(event, event.target.files, () => { event.target.value = ""; });
    this.catchDrop = (event) => this.caught(event, event.dataTransfer?.files, () => this.endDrag(event.target));
    this.warn = (event) => this.sending && event.preventDefault();
    // Capturing on the document comes before everything that the uploader listens to.
    document.addEventListener("change", this.catchChoice, true);
    document.addEventListener("drop", this.catchDrop, true);
    window.addEventListener("beforeunload", this.warn);
    this.find(".upload-cancel").onclick = () => this.cancel();
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  // The page is left: what is on its way is given up.
  close() {
    document.removeEventListener("change", this.catchChoice, true);
    document.removeEventListener("drop", this.catchDrop, true);
    window.removeEventListener("beforeunload", this.warn);
    this.sending?.abort();
  }

  update({ data, setTriggerValue }) {
    this.data = data;
    this.tell = setTriggerValue;
    this.find(".upload-cancel").textContent = data.texts.cancel;
    const { answer } = data;
    if (!this.wish || this.sending || answer?.number !== this.wish.number) return;
    if (answer.refusal) this.end(answer.refusal, true);
    else this.send(answer.token);
  }

  // ── the hand ──

  caught(event, files, forget) {
    const inUploader = event.target instanceof Element && event.target.closest(this.data.uploader);
    if (!inUploader || files?.length !== 1 || files[0].size <= this.data.above) return;
    const [file] = files;
    event.preventDefault();
    event.stopImmediatePropagation();
    forget();
    if (this.wish) this.say(fill(this.data.texts.busy, { name: this.wish.file.name }), true);
    else this.ask(file);
  }

  // The uploader has seen the file come, but not arrive: an empty drop lets it forget.
  endDrag(target) {
    target.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true }));
  }

  ask(file) {
    this.number += 1;
    this.wish = { number: this.number, file };
    this.root.hidden = false;
    this.showFile(file);
    this.find(".upload-figures").textContent = this.data.texts.asking;
    this.tell("asked", { number: this.number, name: file.name, size: file.size });
  }

  cancel() {
    const { file } = this.wish;
    this.sending?.abort();
    this.end(fill(this.data.texts.cancelled, { name: file.name }), false);
  }

  // ── the wire ──

  send(token) {
    const { file } = this.wish;
    const request = new XMLHttpRequest(); // fetch tells nothing of how far it is
    this.sending = request;
    this.pace = [{ at: performance.now(), sent: 0 }];
    request.open("PUT", new URL(this.data.address, document.baseURI));
    request.setRequestHeader(this.data.header, token);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => this.showSent(loaded, file.size);
    request.onload = () => this.over(token, request.status);
    request.onerror = () => this.over(token, 0);
    this.find(".upload-words").textContent = this.data.texts.leave;
    request.send(file);
  }

  // Arrived, refused or broken off: Python knows which, and the page says it.
  over(token, status) {
    const { file } = this.wish;
    this.end(status === 204 ? fill(this.data.texts.arrived, { size: bytes(file.size) }) : "", false);
    this.tell("ended", token);
  }

  end(words, refused) {
    this.wish = this.sending = null;
    this.say(words, refused);
    this.root.hidden = !words;
    for (const part of [".upload-line", ".upload-bar"]) this.find(part).hidden = true;
  }

  // ── what is seen ──

  say(words, refused) {
    const line = this.find(".upload-words");
    line.textContent = words;
    line.classList.toggle("refused", refused);
  }

  showFile(file) {
    for (const part of [".upload-line", ".upload-bar"]) this.find(part).hidden = false;
    this.say("", false);
    this.find(".upload-name").textContent = file.name;
    this.find(".upload-bar").setAttribute("aria-label", fill(this.data.texts.progress, { name: file.name }));
    this.showShare(0);
  }

  showSent(sent, size) {
    const now = performance.now();
    this.pace.push({ at: now, sent });
    while (this.pace.length > 2 && now - this.pace[0].at > SPEED_MS) this.pace.shift();
    const [first] = this.pace;
    const speed = ((sent - first.sent) * 1000) / Math.max(1, now - first.at);
    const words = { sent: bytes(sent), size: bytes(size), speed: bytes(speed), left: speed && duration((size - sent) / speed, this.data.texts) };
    this.find(".upload-figures").textContent = fill(speed ? this.data.texts.sending : this.data.texts.starting, words);
    this.showShare(sent / size);
  }

  showShare(share) {
    this.find(".upload-done").style.width = `${100 * share}%`;
    this.find(".upload-bar").setAttribute("aria-valuenow", Math.floor(100 * share));
  }
}
