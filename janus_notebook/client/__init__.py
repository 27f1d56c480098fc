"""The asyncio client: connection, session, handle, event log. No Jupyter in it."""
