"""The variant explorer: a result's Parquet table, asked through DuckDB.

What other modules build on::

    from annotations.explorer.filters import Filter
    from annotations.explorer.plan import plan_for
    from annotations.explorer.pool import open_table
    from annotations.explorer.sorting import read_sort

    chosen = Filter.from_query(request.GET)            # a value; to_text() is the query string again
    with open_table(job) as table:                     # TableAway, TableUnreadable; ask availability first
        plan = plan_for(chosen, table)                 # plan.steps (chips), plan.problems (sentences), plan.where
        sort = read_sort(request.GET.get("sort", ""), table.catalogue)
        page = table.page(plan.where, sort, size=50, after=row_number)      # rows as dictionaries; paged by key
        left = table.counts(plan.conditions)           # after each step; kept, so a step added costs one question
        for batch in table.batches(plan.where, sort, columns): ...          # Arrow record batches, for exports

Every query takes a ``Condition``: SQL text made of constants and ``Column.sql``, and values that DuckDB binds. Nothing
that a user wrote is ever part of the text; ``columns.Catalogue``, built from the table's schema, is the whitelist. To
filter by something new, write a reader ``(values, table) -> Reading`` and name it in ``plan.READERS`` and
``filters.NAMES``: chips, counts, links and saved filters follow. Queries end with TooSlow at ``table.QUERY_SECONDS`` or
``connection.MEMORY``, with DiskFull where what they put aside has no room, and with Unreadable where the file cannot be
read or is gone; all are ``connection.Unanswered``.

``table.row(n)`` is one row, ``table.neighbours(where, sort, n)`` the rows around it, ``table.distinct(column)`` a
column's values, ``table.samples_of(row)`` a row's genotype letters (0 without, 1 het, 2 hom, . not called).
"""
