"""Images on their way from the disk to the canvas: loaded off the window's thread, ahead of being asked for."""
