// Opens igv.js over the job's files. It is loaded on this page alone, which is the only one whose policy lets it draw.
const place = document.querySelector("[data-genome-browser]");
const status = document.querySelector("[data-genome-browser-status]");

async function open() {
  const { igv: source, name, fasta, fai, genes, vcf, index, locus } = place.dataset;
  const { default: igv } = await import(source);
  const tracks = [{ type: "variant", format: "vcf", name: "Your variants", url: vcf, indexURL: index, visibilityWindow: 1_000_000, height: 120 }];
  if (genes) {
    tracks.unshift({ type: "annotation", format: "gff3", name: "Genes", url: genes, displayMode: "EXPANDED", height: 90 });
  }
  await igv.createBrowser(place, {
    reference: { id: name, name, fastaURL: fasta, indexURL: fai },
    loadDefaultGenomes: false,
    locus,
    tracks,
  });
  complete(place.shadowRoot);
  status.textContent = "Drag to move, scroll within a track, click a variant for its record.";
}

// igv.js resets everything at its container, the colour scheme too: its white boxes would bear the dark theme's ink.
// It leaves two fields without a name, and on a phone the width of the window runs out of its bar.
function complete(root) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .igv-container { color-scheme: light; color: CanvasText; }
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
