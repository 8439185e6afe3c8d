"""Where the alleles of a block lie: the transcript each is told of, its HGVS names, the genes around it."""
