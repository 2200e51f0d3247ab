"""Running a model's OpenVINO network over images, tile by tile."""
