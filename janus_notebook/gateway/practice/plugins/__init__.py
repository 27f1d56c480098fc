"""The practice gateway's plugins."""
