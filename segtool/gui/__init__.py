"""The PySide6 window: session, canvas, tools, panels and dialogs."""
