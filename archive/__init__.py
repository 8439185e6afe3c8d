"""Cold storage: holdings, vaults, restore. It listens to annotations and accounts; they never import it."""
