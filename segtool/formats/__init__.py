"""Disk to arrays and back: the one image decoder, mask PNG and the atomic write."""
