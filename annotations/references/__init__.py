"""Bundled references (one directory each) and the scripts that make them."""
