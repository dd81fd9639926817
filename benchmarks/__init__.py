"""How fast Anju is, and against what; `python -m benchmarks.report`. Not part of the installed package."""
