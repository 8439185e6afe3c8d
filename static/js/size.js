// Bytes as people read them, the same words as the server's (annotations/figures/words.py): 39117 -> "38.2 KB".

const UNITS = ["KB", "MB", "GB", "TB"];

export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  let number = bytes / 1024;
  let unit = 0;
  while (number >= 1024 && unit < UNITS.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${number.toFixed(number < 100 ? 1 : 0).replace(/\.0$/, "")} ${UNITS[unit]}`;
}
