"""Makes references of FASTA, GFF3 and VCF files."""
