"""Whose turn it is: what a piece of work is expected to take, when its turn is, who claims it, how long that takes."""
