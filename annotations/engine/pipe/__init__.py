"""Runs bcftools norm and csq on what was read, as child processes."""
