// Sends the file as soon as it is chosen, shows how far it is, and puts the server's verdict in the form's place.
// Without script the form is a plain upload.

import { take } from "./carried_file.js";
import { Changed, Elsewhere, Gone, possible, sendDirect, Unavailable } from "./direct_upload.js";
import { showDragging } from "./drop_zone.js";
import { size } from "./size.js";

// What is said while a file is on its way. The share sent is told to screen readers at every tenth.
const HAPPENED = {
  resumed: "Going on where it ended.",
  changed: "This file has changed since a part of it was sent: it is sent from the start.",
  lost: "The connection is lost. What has arrived is kept; the rest is sent by itself when it is back.",
  back: "Connected again.",
};
const REFUSALS = new Map([[Changed, "changed"], [Elsewhere, "elsewhere"], [Gone, "gone"]]);

const area = document.querySelector("[data-intake]");
const form = area?.querySelector("[data-intake-form]");

function start(form) {
  const find = (name) => form.querySelector(`[data-${name}]`);
  const input = form.elements.vcf_file;
  const zone = find("zone");
  const row = find("progress");
  const bar = find("bar");
  let request = null;
  let told = 0;
  find("run").textContent = "Check this file";

  function refuse(content) {
    const place = find("refusal");
    place.replaceChildren(content); // role="alert" announces it
    place.scrollIntoView({ block: "nearest" });
    idle();
  }

  function fromTemplate(name) {
    return area.querySelector(`template[data-${name}]`).content.cloneNode(true);
  }

  function idle() {
    request = null;
    row.hidden = true;
    zone.hidden = false;
    input.value = "";
  }

  function tooLarge(total) {
    const content = fromTemplate("too-large");
    content.querySelector("[data-size]").textContent = size(total);
    refuse(content);
  }

  function show(loaded, total) {
    const share = total ? Math.round((100 * loaded) / total) : 100;
    bar.value = share;
    const words = share < 100 ? `${size(loaded)} of ${size(total)} sent` : "Sent. Checking the file…";
    find("note").textContent = words;
    if (share >= told + 10 || share < told) {
      told = share - (share % 10);
      find("told").textContent = words;
    }
  }

  function say(what) {
    find("happened").textContent = HAPPENED[what];
  }

  function finished(answer) {
    if (answer.url && !answer.url.endsWith(new URL(form.action).pathname)) {
      location.href = answer.url; // signed out meanwhile, or sent on
      return;
    }
    const page = new DOMParser().parseFromString(answer.text, "text/html");
    if (answer.status === 200) {
      area.replaceChildren(...page.body.childNodes);
      area.querySelector("h2")?.focus();
    } else if (page.querySelector(".callout") && [413, 422, 507].includes(answer.status)) {
      refuse(page.querySelector(".callout"));
    } else {
      refuse(fromTemplate("trouble"));
    }
  }

  function begin(name, total) {
    const limit = Number(form.dataset.maxBytes) || Infinity;
    if (total > limit) return tooLarge(total);
    find("refusal").replaceChildren();
    find("happened").textContent = "";
    area.querySelector("[data-begun]").replaceChildren(); // this file may be one of them
    find("name").textContent = name;
    told = 0;
    zone.hidden = true;
    row.hidden = false;
    show(0, total);
    return true;
  }

  function send(data, name, total) {
    if (!begin(name, total)) return;
    data.set("check", "1");
    request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => show(event.loaded, event.total));
    request.addEventListener("load", () =>
      finished({ status: request.status, text: request.responseText, url: request.responseURL }));
    request.addEventListener("error", () => refuse(fromTemplate("trouble")));
    request.addEventListener("abort", idle);
    request.send(data);
  }

  // In parts that can go on later; in one piece where that cannot be done.
  async function sendFile(file) {
    if (!possible(form, file)) return sendThroughSite(file);
    if (!begin(file.name, file.size)) return;
    const stop = new AbortController();
    request = stop;
    try {
      finished(await sendDirect(form, file, { show, say, signal: stop.signal }));
    } catch (error) {
      if (error instanceof Unavailable) sendThroughSite(file);
      else if (error.name === "AbortError") await stopped();
      else await unfinished(REFUSALS.get(error.constructor) ?? "trouble");
    }
  }

  async function unfinished(template) {
    refuse(fromTemplate(template));
    await showBegun();
  }

  async function stopped() {
    idle();
    await showBegun();
    area.querySelector("[data-begun] h2")?.focus();
  }

  // What has arrived of a file that was stopped, with the way to go on and the way to drop it.
  async function showBegun() {
    const response = await fetch(form.dataset.uploads, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!response?.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    area.querySelector("[data-begun]").replaceChildren(...page.body.childNodes);
  }

  function sendThroughSite(file) {
    const data = new FormData(form);
    data.delete("vcf_text");
    data.set("vcf_file", file, file.name);
    send(data, file.name, file.size);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (request) return;
    const data = new FormData(form);
    if (event.submitter?.name === "example") {
      data.delete("vcf_file");
      data.delete("vcf_text");
      data.set("example", "1");
      send(data, "The example file", 0);
    } else if (input.files.length) {
      sendFile(input.files[0]);
    } else {
      data.delete("vcf_file");
      send(data, "The pasted lines", new Blob([data.get("vcf_text")]).size);
    }
  });
  input.addEventListener("change", () => input.files.length && sendFile(input.files[0]));
  find("abort").addEventListener("click", () => request?.abort());
  showDragging(zone);

  const brought = take();
  if (brought) sendFile(brought);
}

if (form) start(form);
