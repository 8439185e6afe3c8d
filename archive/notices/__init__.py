"""What Amazon sends when a retrieval has ended: read, proved, and taken as a hint to look at the vault.

Nothing is believed. A notice names an archive; whoever hears of it asks the vault how its retrieval stands. So a lost
notice costs the wait until the row's own time, and a doubled, late, replayed or forged one costs a look.
"""
