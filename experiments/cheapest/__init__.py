"""The least costly mix of levers that reaches a target, and what can be reached at what cost."""
