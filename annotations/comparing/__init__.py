"""Compares two results of one user, allele by allele: shared, only in the one, only in the other."""
