"""In which futures does a plan fail? Boxes, a tree, and how policies do over the same futures."""
