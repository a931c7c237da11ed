// Sends what is said, in the order in which it was said, one message at a time, and goes on asking until each has arrived.

const AGAIN_MS = 3000; // pause before a message that did not arrive is sent again
const PATIENCE_MS = 15000; // without an answer it counts as not arrived

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const grouped = (number) => number.toLocaleString("en").replace(/,/g, "\u202f"); // thousands apart, as everywhere

class Outbox {
  // `arrived` is told each message with its answer, `refused` each one that cannot be done, `changed` that the queue has.
  constructor({ arrived, refused, changed }) {
    Object.assign(this, { arrived, refused, changed });
    this.queue = [];
    this.sending = false;
    this.trouble = "";
    this.timer = null;
    this.warn = (event) => this.queue.length && event.preventDefault();
    window.addEventListener("beforeunload", this.warn);
  }

  // What is still to be sent is sent all the same.
  close() {
    window.removeEventListener("beforeunload", this.warn);
    this.arrived = this.refused = this.changed = () => {};
  }

  // A page that is drawn again for the same data has a new desk where the server was started anew.
  move(desk) {
    for (const message of this.queue) if (message.desk.about === desk.about) message.desk = desk;
    this.desk = desk;
  }

  say(message) {
    this.queue.push({ ...message, id: newId(), desk: this.desk });
    this.changed();
    this.next();
  }

  // What others have said meanwhile: not waited for, not repeated.
  async look(items) {
    if (this.queue.length) return;
    const message = { do: "look", id: newId(), items, desk: this.desk };
    try {
      const answer = await post(message);
      if (answer.ok) this.arrived(message, await answer.json());
    } catch {
      // the next look will tell
    }
  }

  again() {
    clearTimeout(this.timer);
    this.timer = null;
    this.next();
  }

  async next() {
    if (this.sending || this.timer !== null || !this.queue.length) return;
    this.sending = true;
    const [message] = this.queue;
    let answer = null;
    try {
      answer = await post(message);
      await this.heard(message, answer);
    } catch {
      this.wait("");
    }
    this.sending = false;
    this.next();
  }

  async heard(message, answer) {
    if (answer.ok) {
      const told = await answer.json();
      this.queue.shift();
      this.trouble = "";
      this.arrived(message, told);
    } else if (answer.status === 409 || answer.status === 413) {
      this.queue.shift();
      this.refused(message, await answer.text());
    } else {
      this.wait(answer.status === 403 ? await answer.text() : "");
    }
    this.changed();
  }

  wait(why) {
    this.trouble = why || " ";
    this.timer = setTimeout(() => this.again(), AGAIN_MS);
    this.changed();
  }
}

function post({ desk, ...message }) {
  return fetch(new URL(desk.address, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json", [desk.header]: desk.token },
    body: JSON.stringify(message),
    keepalive: true,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (number) => number.toString(36)).join("-");
}
