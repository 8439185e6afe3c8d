"""Reads what users send: any VCF or BCF, checked line by line, in one pass and flat memory."""
