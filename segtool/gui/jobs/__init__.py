"""Work off the window's thread: generators that run in threads of their own."""
