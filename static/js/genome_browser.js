// Opens igv.js over the job's files. It is loaded on this page alone, which is the only one whose policy lets it draw.
import { giveKeys } from "./igv_keys.js";

const place = document.querySelector("[data-genome-browser]");
const moves = document.querySelector("[data-genome-browser-moves]");
const variants = document.querySelector("[data-genome-browser-variants]");
const status = document.querySelector("[data-genome-browser-status]");

async function open() {
  const { igv: source, name, fasta, fai, genes, vcf, index, locus } = place.dataset;
  const { default: igv } = await import(source);
  const tracks = [{ type: "variant", format: "vcf", name: "Your variants", url: vcf, indexURL: index, visibilityWindow: 1_000_000, height: 120 }];
  if (genes) {
    tracks.unshift({ type: "annotation", format: "gff3", name: "Genes", url: genes, displayMode: "EXPANDED", height: 90 });
  }
  const browser = await igv.createBrowser(place, {
    reference: { id: name, name, fastaURL: fasta, indexURL: fai },
    loadDefaultGenomes: false,
    locus,
    tracks,
    // With two tracks and a name on each, these have nothing to do.
    showTrackLabelButton: false,
    showCursorTrackingGuideButton: false,
    showCenterGuideButton: false,
  });
  browser.navbar.multiTrackSelectButton.hide(); // which no setting does
  complete(place.shadowRoot);
  giveKeys(place.shadowRoot, () => ({ "Sample Names": browser.showSampleNames }));
  moves.hidden = false;
  browser.on("locuschange", () => listWhatIsSeen(browser));
  listWhatIsSeen(browser);
  moves.addEventListener("click", (event) => move(browser, Number(event.target.dataset.move ?? 0)));
  status.textContent =
    "Drag to move, scroll within a track, click a variant for its record. Without a mouse, the buttons move it, and the list of the variants in view leads to each record.";
}

// The browser's stretch as igv.js shows it, whose places have fractions: its contig, its first and its last base; nothing
// where it shows the whole genome.
function seen(browser) {
  const [, contig, start, end] = /^(.+):([\d.,]+)-([\d.,]+)$/.exec([browser.currentLoci()].flat()[0]) ?? [];
  const [from, to] = [start, end].map((each) => Number(each?.replaceAll(",", "")));
  return { contig, first: Math.floor(from), last: Math.round(to) };
}

// What a mouse clicks on the track, the table of variants has as links.
function listWhatIsSeen(browser) {
  const { contig, first, last } = seen(browser);
  const region = contig ? `?region=${encodeURIComponent(`${contig}:${first}-${last}`)}` : "";
  variants.href = `${variants.dataset.genomeBrowserVariants}${region}`;
}

// igv.js moves by dragging alone; `part` is of what is shown, to the right.
function move(browser, part) {
  const { contig, first, last } = seen(browser);
  if (!contig || !part) return;
  const length = browser.referenceFrameList[0].getChromosome()?.bpLength ?? Infinity;
  const moved = first + Math.round(part * (last - first + 1));
  const begin = Math.max(1, Math.min(moved, length - (last - first)));
  browser.search(`${contig}:${begin}-${begin + last - first}`);
}

// igv.js resets everything at its container, the colour scheme too: its white boxes would bear the dark theme's ink.
// It leaves two fields without a name, and on a phone the width of the window runs out of its bar.
function complete(root) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .igv-container { color-scheme: light; color: CanvasText; }
    [role=button]:focus-visible, [class*=generic-dialog] input:focus-visible { outline: 3px solid var(--accent) !important; outline-offset: 1px; }
    @media (max-width: 40rem) { .igv-windowsize-panel-container { display: none !important; } .igv-search-input { inline-size: 8rem !important; } }
  `);
  root.adoptedStyleSheets.push(sheet);
  const names = { "input[type=range]": "Zoom", ".igv-search-input": "Place" };
  for (const [selector, name] of Object.entries(names)) {
    root.querySelectorAll(selector).forEach((field) => field.setAttribute("aria-label", name));
  }
}

status.textContent = "Opening the browser.";
open().catch(() => {
  status.textContent = "The browser could not be opened here. The table of variants has every record.";
});
