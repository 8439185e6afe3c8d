"""Simulates a fleet of annotators under a rule of scaling: backlog, workers, waiting and cost. See ``__main__``."""
