"""Measures GAS: `make bench`. Ratios come from one run on one machine; absolute times are only for orientation."""
