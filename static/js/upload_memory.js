// What this browser remembers of the uploads it has begun: where each goes on, under a hash of the file's name and
// reference, which tells nothing of it. One entry a file, so that two tabs do not forget each other's.

const PREFIX = "gas-upload:";

export async function keyOf(file, reference) {
  return PREFIX + (await hash(new Blob([[file.name, reference].join("/")])));
}

// { resume, discard, same }: whether the file is, by size and date, the one that was begun.
export function recall(key, file) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return kept && { ...kept, same: kept.mark === markOf(file) };
  } catch {
    return null;
  }
}

export function remember(key, file, { resume, discard }) {
  localStorage.setItem(key, JSON.stringify({ mark: markOf(file), resume, discard }));
}

export function forget(key) {
  localStorage.removeItem(key);
}

export async function hash(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

const markOf = (file) => `${file.size}/${file.lastModified}`;
