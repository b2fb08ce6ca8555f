"""From manuscripts to notebooks: what an author uses, through the ``course`` command."""
