"""Jobs: intake, queue, engine, results, and their pages."""
