"""A folder that a person opened: its images, masks, classes, statuses and hold-out split."""
