"""Large files in parts: cut once they are checked, annotated part by part, put together again."""
