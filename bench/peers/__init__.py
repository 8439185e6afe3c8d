"""GAS beside other programs that annotate the same file."""
