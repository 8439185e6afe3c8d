// Sends a file straight into the store, in one piece or in parts, with the SHA-256 of each. The site gives a ticket, signed
// places for the bytes, and the verdict at the end. A file that was begun goes on where it ended, also in a new tab.

// As the site's (gas_site/s3_uploads.py): a file of one part goes in one piece.
const PART_BYTES = 16 * 1024 * 1024;
const KEY = "gas-upload";
const TRIES = 5;
const FIRST_PAUSE_MS = 500;

export class Unavailable extends Error {} // nothing was sent: the file can go through the site instead

// Hashing is for secure origins only: https, and this machine.
export const possible = (form) => Boolean(form.dataset.direct && globalThis.crypto?.subtle);

// Resolves to what the site answers in the end: { status, text }.
export async function sendDirect(form, file, { show, signal }) {
  const site = new Site(form, signal);
  const { plan, answer } = await ticket(site, form, file);
  if (answer) return answer;
  let checksums = [];
  if (plan.kind === "form") await sendForm(plan, file, show, signal);
  else checksums = await sendParts(site, plan, file, show, signal);
  const end = await site.ask(plan.finish, { sha256: checksums.join(",") });
  if (end.status !== 503) forget();
  return end;
}

class Site {
  constructor(form, signal) {
    this.token = form.elements.csrfmiddlewaretoken.value;
    this.signal = signal;
  }

  async ask(url, fields) {
    const headers = { "X-CSRFToken": this.token, "HX-Request": "true" };
    const body = fields && new URLSearchParams(fields);
    const response = await fetch(url, { method: fields ? "POST" : "GET", headers, body, signal: this.signal });
    if (response.redirected) {
      location.reload(); // signed out meanwhile: the page leads to the sign-in and back
      throw new DOMException("signed out", "AbortError");
    }
    return { status: response.status, text: await response.text() };
  }
}

async function ticket(site, form, file) {
  const reference = form.elements.reference.value;
  const mark = await hash(new Blob([[file.name, file.size, file.lastModified, reference].join("/")]));
  const kept = recall(mark);
  if (kept) {
    const answer = await site.ask(kept);
    if (answer.status === 200) return { plan: JSON.parse(answer.text) };
  }
  forget();
  const sha256 = file.size <= PART_BYTES ? await hash(file) : "";
  const answer = await site.ask(form.dataset.direct, { name: file.name, size: file.size, reference, sha256 });
  if (answer.status !== 200) {
    if (answer.status === 413 || answer.status === 422) return { answer };
    throw new Unavailable();
  }
  const plan = JSON.parse(answer.text);
  localStorage.setItem(KEY, JSON.stringify({ mark, resume: plan.resume }));
  return { plan };
}

async function sendForm(plan, file, show, signal) {
  const data = new FormData();
  for (const [name, value] of Object.entries(plan.fields)) data.append(name, value);
  data.append("file", file);
  try {
    await send("POST", plan.url, {}, data, (loaded) => show(Math.min(loaded, file.size), file.size), signal);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unavailable();
  }
}

async function sendParts(site, plan, file, show, signal) {
  const there = new Map(plan.parts.map((part) => [part.number, part]));
  const checksums = [];
  for (let start = 0, number = 1; start < file.size; start += plan.part_bytes, number += 1) {
    const part = file.slice(start, start + plan.part_bytes);
    const sha256 = await hash(part);
    checksums.push(sha256);
    const known = there.get(number);
    if (known?.size !== part.size || known?.sha256 !== sha256) {
      await persist(async () => {
        const answer = await site.ask(plan.part, { number, sha256 });
        if (answer.status !== 200) throw new Error(`part ${number}: ${answer.status}`);
        const { url, headers } = JSON.parse(answer.text);
        await send("PUT", url, headers, part, (loaded) => show(start + loaded, file.size), signal);
      });
    }
    show(start + part.size, file.size);
  }
  return checksums;
}

async function persist(deed) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await deed();
    } catch (error) {
      if (attempt === TRIES || error.name === "AbortError") throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}

// fetch() does not tell how much has been sent.
function send(method, url, headers, body, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => progress(event.loaded));
    request.addEventListener("load", () =>
      request.status < 300 ? resolve() : reject(new Error(`the store answered ${request.status}`)));
    request.addEventListener("error", () => reject(new Error("the store cannot be reached")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    request.send(body);
  });
}

async function hash(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

// What is remembered of a file is a hash, which tells nothing of it.
function recall(mark) {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  return kept.mark === mark ? kept.resume : null;
}

function forget() {
  localStorage.removeItem(KEY);
}
