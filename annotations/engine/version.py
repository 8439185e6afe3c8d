"""The version that results state."""

VERSION = "0.1.0"
