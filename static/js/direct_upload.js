// Sends a file in parts, two at a time, each with its SHA-256: into the bucket past the site, or onto its disk through
// it; a short one into the bucket in one piece. The site gives a ticket, places for the bytes, and the verdict at the
// end. A file that was begun goes on where it ended, after a lost connection by itself, and in a new tab once it is
// chosen again.

import { ask, Lost, persist, Refused, send } from "./sending.js";
import { inLanes } from "./upload_lanes.js";
import { forget, hash, keyOf, recall, remember } from "./upload_memory.js";

// As the site's (gas_site/upload_parts.py): a file of one part goes in one piece.
const PART_BYTES = 16 * 1024 * 1024;
// How often a part may come out damaged on its way before we give up.
const TRIES = 5;

export class Unavailable extends Error {} // nothing was sent: the file can go through the site in one piece instead
export class Changed extends Error {} // the file is another than it was when it was chosen
export class Elsewhere extends Error {} // another tab sends this file
export class Gone extends Error {} // the site has thrown away what had arrived

// Hashing is for secure origins only: https, and this machine.
export const possible = (form, file) =>
  Boolean(form.dataset.uploads && globalThis.crypto?.subtle && file.size > Number(form.dataset.wholeBelow));

// Resolves to what the site answers in the end: { status, text }. `show` is told how much is there, `say` what happens:
// "resumed", "changed", "lost", "back".
export async function sendDirect(form, file, { show, say, signal }) {
  const key = await keyOf(file, form.elements.reference.value);
  const alone = { ifAvailable: true };
  return navigator.locks.request(key, alone, (lock) => {
    if (!lock) throw new Elsewhere();
    return new Upload(form, file, key, { show, say, signal }).run();
  });
}

class Upload {
  constructor(form, file, key, { show, say, signal }) {
    Object.assign(this, { form, file, key, show, say, signal });
    this.token = form.elements.csrfmiddlewaretoken.value;
    this.waiting = new Set(); // what waits for a lost connection
    this.arrived = 0; // bytes, and of each part
    this.ofPart = new Map();
  }

  ask(url, fields) {
    return ask(url, { token: this.token, signal: this.signal, fields });
  }

  // Until it is answered, however long the connection is away. It is back when nothing waits for it any more.
  persist(deed) {
    const own = {};
    const told = (lost) => {
      if (lost) this.waiting.add(own);
      else this.waiting.delete(own);
      if (lost || !this.waiting.size) this.say(lost ? "lost" : "back");
    };
    return persist(deed, told, this.signal);
  }

  async run() {
    const { plan, answer } = await this.ticket();
    if (answer) return answer;
    let checksums = [];
    try {
      if (plan.kind === "form") await this.sendForm(plan);
      else checksums = await this.sendParts(plan);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 507) throw error;
      forget(this.key); // the disk is full, and the site has thrown away what had arrived
      return { status: error.status, text: error.text };
    }
    const end = await this.persist(() => this.ask(plan.finish, { sha256: checksums.join(",") }));
    if (end.status < 500) forget(this.key);
    return end;
  }

  async ticket() {
    const kept = recall(this.key, this.file);
    if (kept?.same) {
      const answer = await this.persist(() => this.ask(kept.resume));
      if (answer.status === 200) return { plan: this.resumed(JSON.parse(answer.text)) };
    } else if (kept) {
      this.say("changed");
      await this.ask(kept.discard, {}).catch(() => {}); // or the site drops it by itself, a day after it began
    }
    forget(this.key);
    return this.announce();
  }

  resumed(plan) {
    if (plan.parts?.length) this.say("resumed");
    return plan;
  }

  async announce() {
    const { name, size } = this.file;
    const sha256 = size <= PART_BYTES ? await hash(this.file) : "";
    const reference = this.form.elements.reference.value;
    let answer;
    try {
      answer = await this.ask(this.form.dataset.uploads, { name, size, reference, sha256 });
    } catch (error) {
      if (error instanceof Lost) throw new Unavailable();
      throw error;
    }
    if ([413, 422, 507].includes(answer.status)) return { answer };
    if (answer.status !== 200) throw new Unavailable();
    const plan = JSON.parse(answer.text);
    remember(this.key, this.file, plan);
    return { plan };
  }

  async sendForm(plan) {
    const data = new FormData();
    for (const [name, value] of Object.entries(plan.fields)) data.append(name, value);
    data.append("file", this.file);
    const { size } = this.file;
    try {
      await send("POST", plan.url, {}, data, (loaded) => this.show(Math.min(loaded, size), size), this.signal);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Unavailable();
    }
  }

  // Resolves to the checksums of all parts, once each has arrived.
  async sendParts(plan) {
    const there = new Map(plan.parts.map((part) => [part.number, part]));
    const count = Math.ceil(this.file.size / plan.part_bytes);
    const checksums = new Array(count);
    const sendOne = async (number) => {
      this.signal.throwIfAborted(); // what is there already is only read: nothing else would heed it
      const { part, sha256 } = await this.cut(plan, (number - 1) * plan.part_bytes);
      checksums[number - 1] = sha256;
      const known = there.get(number);
      const missing = known?.size !== part.size || known?.sha256 !== sha256;
      if (missing) await this.sendPart(plan, number, part, sha256);
      this.note(number, part.size);
      return missing;
    };
    try {
      await inLanes(count, sendOne);
    } catch (error) {
      // Of two that were refused one was told why, where the disk is full; the other may find the ticket gone.
      throw error.errors.find((each) => each.status === 507) ?? error.errors[0];
    }
    return checksums;
  }

  // So much of a part is there: shows how much of the file that makes.
  note(number, bytes) {
    this.arrived += bytes - (this.ofPart.get(number) ?? 0);
    this.ofPart.set(number, bytes);
    this.show(this.arrived, this.file.size);
  }

  // Held in memory until it has arrived: what is sent again is what was hashed.
  async cut(plan, start) {
    try {
      const part = new Blob([await this.file.slice(start, start + plan.part_bytes).arrayBuffer()]);
      return { part, sha256: await hash(part) };
    } catch {
      throw new Changed();
    }
  }

  async sendPart(plan, number, part, sha256) {
    const progress = (loaded) => this.note(number, Math.min(loaded, part.size));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.persist(async () => {
          const { url, headers } = await this.place(plan, number, sha256);
          await send("PUT", url, headers, part, progress, this.signal);
        });
        return;
      } catch (error) {
        if (!(error instanceof Refused) || error.status === 507) throw error;
        if (plan.through_site) await this.see(plan);
        if (attempt === TRIES) throw error;
      }
    }
  }

  // A part was refused: damaged on its way, or because nobody is signed in any more, or the ticket is gone.
  async see(plan) {
    const answer = await this.persist(() => this.ask(plan.resume));
    if (answer.status === 404) {
      forget(this.key);
      throw new Gone();
    }
  }

  async place(plan, number, sha256) {
    if (plan.through_site) {
      const headers = { "X-CSRFToken": this.token, "HX-Request": "true", "Content-Digest": `sha-256=:${sha256}:` };
      return { url: `${plan.resume}${number}/`, headers };
    }
    const answer = await this.ask(plan.part, { number, sha256 });
    if (answer.status !== 200) throw new Refused(answer.status, answer.text);
    return JSON.parse(answer.text);
  }
}
