// Carries a file from the landing page to the form, across signing up. It stays in this tab's own storage:
// nothing is sent, and it is gone when the tab is closed or the form has taken it (carried() below).

const KEY = "gas-carried-file";
// What a tab's storage takes; base64 needs a third more and most browsers stop at 5 MB.
const MOST_BYTES = 3 * 1024 * 1024;

export function carried() {
  const kept = sessionStorage.getItem(KEY);
  if (!kept) return null;
  sessionStorage.removeItem(KEY);
  const { name, content } = JSON.parse(kept);
  const bytes = Uint8Array.from(atob(content.split(",")[1] ?? ""), (letter) => letter.charCodeAt(0));
  return new File([bytes], name);
}

function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsDataURL(file);
  });
}

function start(area) {
  const zone = area.querySelector("[data-carry-zone]");
  const input = zone.querySelector("input");
  area.querySelector("[data-carry-link]").hidden = true;
  zone.hidden = false;

  function refuse(title, text) {
    area.querySelector("[data-carry-title]").textContent = title;
    area.querySelector("[data-carry-text]").textContent = text;
    area.querySelector("[data-carry-refusal]").hidden = false;
    input.value = "";
  }

  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    const limit = Number(area.dataset.maxBytes) || Infinity;
    if (file.size > limit) {
      refuse(`This file is larger than ${area.dataset.maxWords}`, "That is the Free plan's limit. The plans are further down this page.");
      return;
    }
    if (file.size <= MOST_BYTES) {
      try {
        sessionStorage.setItem(KEY, JSON.stringify({ name: file.name, content: await read(file) }));
      } catch {
        sessionStorage.removeItem(KEY); // storage full or switched off: the next page asks for the file again
      }
    }
    location.href = area.dataset.next;
  });
  for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, () => zone.setAttribute("data-dragging", ""));
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.removeAttribute("data-dragging"));
}

const area = document.querySelector("[data-carry]");
if (area) start(area);

const waiting = document.querySelector("[data-carried]");
if (waiting && sessionStorage.getItem(KEY)) {
  waiting.querySelector("[data-carried-name]").textContent = JSON.parse(sessionStorage.getItem(KEY)).name;
  waiting.hidden = false;
}
