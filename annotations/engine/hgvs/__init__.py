"""Names of variants after HGVS (version 21, https://hgvs-nomenclature.org): g., m., c., n. and p."""
