"""The annotation engine: reads VCF, runs the annotators, builds tables and summaries. Imports no Django."""
