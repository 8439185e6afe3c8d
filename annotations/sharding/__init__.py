"""Large jobs in shards: cut after the checks, annotated apart by any workers, gathered once. The rows are the truth."""
