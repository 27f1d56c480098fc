"""The clients that are compared. Each module is a process of its own, run with ``-m`` and a URL."""
