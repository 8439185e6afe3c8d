// A file on its way from the landing page to the form, across signing up. It lies in this tab's own storage: nothing is
// sent, and it is gone when the tab is closed or the form has taken it.

const KEY = "gas-carried-file";
// What a tab's storage takes: most browsers stop at 5 MB, and base64 needs a third more than the file.
const MOST_BYTES = 3 * 1024 * 1024;

export async function keep(file) {
  if (file.size > MOST_BYTES) return;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ name: file.name, content: await read(file) }));
  } catch {
    sessionStorage.removeItem(KEY); // storage full or switched off: the form asks for the file again
  }
}

export function waitingName() {
  const kept = sessionStorage.getItem(KEY);
  return kept && JSON.parse(kept).name;
}

export function take() {
  const kept = sessionStorage.getItem(KEY);
  if (!kept) return null;
  sessionStorage.removeItem(KEY);
  const { name, content } = JSON.parse(kept);
  const bytes = Uint8Array.from(atob(content.split(",")[1] ?? ""), (letter) => letter.charCodeAt(0));
  return new File([bytes], name);
}

// As a data: URL, because storage holds text only.
function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsDataURL(file);
  });
}
