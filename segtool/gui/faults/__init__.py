"""What goes wrong: where it is written, how it is told at the next start, and what can be handed to a maintainer."""
