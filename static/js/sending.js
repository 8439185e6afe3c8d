// Sends one body and waits for a connection that is lost, however long that takes.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export class Lost extends Error {} // the other side cannot be reached, or cannot answer now: worth another try

export class Refused extends Error {
  constructor(status, text) {
    super(`answered ${status}`);
    this.status = status;
    this.text = text;
  }
}

const PASSING = [408, 409, 429, 502, 503, 504];

// Runs a deed until it is done. waiting(true) is told when it has to wait, waiting(false) when it goes on.
export async function persist(deed, waiting, signal) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const result = await deed();
      if (attempt) waiting(false);
      return result;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      waiting(true);
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS), signal);
    }
  }
}

// fetch() does not tell how much has been sent.
export function send(method, url, headers, body, progress, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted(); // stopped between two bodies, when nobody listened
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => progress(event.loaded));
    request.addEventListener("load", () => {
      if (PASSING.includes(request.status)) reject(new Lost(`answered ${request.status}`));
      else if (request.status >= 300) reject(new Refused(request.status, request.responseText));
      else resolve(request);
    });
    request.addEventListener("error", () => reject(new Lost("cannot be reached")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    request.send(body);
  });
}

// The site's own answers: { status, text }. Raises Lost, and AbortError when signed out: the page leads to the sign-in.
export async function ask(url, { token, signal, fields }) {
  const headers = { "X-CSRFToken": token, "HX-Request": "true" };
  const body = fields && new URLSearchParams(fields);
  let response;
  let text;
  try {
    response = await fetch(url, { method: fields ? "POST" : "GET", headers, body, signal });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Lost("cannot be reached");
  }
  if (response.redirected && new URL(response.url).pathname.startsWith("/accounts/")) {
    location.reload();
    throw new DOMException("signed out", "AbortError");
  }
  if (PASSING.includes(response.status)) throw new Lost(`answered ${response.status}`);
  return { status: response.status, text };
}

// Ends early when the browser says that the network is back.
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const done = (settle) => () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      signal.removeEventListener("abort", stopped);
      settle();
    };
    const over = done(resolve);
    const stopped = done(() => reject(new DOMException("stopped", "AbortError")));
    const timer = setTimeout(over, milliseconds);
    addEventListener("online", over);
    signal.addEventListener("abort", stopped);
  });
}
