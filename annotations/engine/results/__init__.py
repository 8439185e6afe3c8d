"""Makes the results of the annotated stream: VCF, index, table, summary and log."""
