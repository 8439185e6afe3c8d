"""Exports: what a filter of the explorer shows, as files. Never cut, and written as they are read.

content.py       what an export holds: the rows of a filter in an order, every column, where they come from
formats.py       the formats by name
text.py, spreadsheet.py, parquet.py, vcf.py    one writer each: content in, pieces of a file out
ordering.py      large exports: made by a worker, kept for a while, told by mail
views.py         the page of exports, and downloads
"""
