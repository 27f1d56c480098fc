"""``%janus``: the magics, one module for each sub-command, and their completion."""
