"""Settings, urls, the queue broker, the file store, health, the supervisor."""
