"""Links by which others read a result: made and revoked by its owner, read by whoever has them, counted by the hour."""
